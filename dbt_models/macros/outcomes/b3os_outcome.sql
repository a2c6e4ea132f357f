{#-
  What a word of B3OS's (the status of a run or of a node) means: the one place that knows. `ended` is an end
  without a judgement; a word that is not listed is `unknown`, null stays null.

  Documented are running, waiting, success, failure and cancelled, and partial for runs of an app
  (docs.b3os.org/api/reference); nodes have pending, scheduled and skipped besides. B3OS has no judge: what
  succeeds is passed, what fails is failed. The list is open, so synonyms are read too, in any case.
-#}
{% macro b3os_outcome(word) -%}
    {%- set words = {
        'passed': ['success', 'succeeded', 'completed'],
        'partial': ['partial'],
        'failed': ['failure', 'failed'],
        'errored': ['error', 'errored', 'timeout', 'timed_out'],
        'cancelled': ['cancelled', 'canceled'],
        'running': ['pending', 'queued', 'scheduled', 'running', 'waiting', 'paused'],
        'ended': ['skipped'],
    } -%}
    {{- outcome_of(word, words) -}}
{%- endmacro %}

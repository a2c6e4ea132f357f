{#-
  What a word of Armature's (a run's status, a verdict, a criterion's grade) means: the one place that
  knows. `ended` is an end without a judgement; a word that is not listed is `unknown`, null stays null.

  Documented are pass, partial, fail and error, and running and pending for runs that go on
  (docs.armature.tech/workflows/runs). Runs have also been seen to end as timed_out or
  evaluator_not_started. The list is open, so synonyms are read too, in any case and with - or space for _.
-#}
{% macro armature_outcome(word) -%}
    {%- set words = {
        'passed': ['pass', 'passed', 'success', 'succeeded', 'successful'],
        'partial': ['partial', 'partially_passed', 'partial_pass'],
        'failed': ['fail', 'failed', 'failure'],
        'errored': [
            'error', 'errored', 'system_error', 'infrastructure_error', 'timed_out', 'timedout', 'timeout',
            'evaluator_not_started',
        ],
        'cancelled': ['cancelled', 'canceled', 'aborted'],
        'running': [
            'pending', 'running', 'queued', 'scheduled', 'starting', 'started', 'in_progress', 'evaluating',
            'waiting', 'retrying',
        ],
        'ended': ['completed', 'complete', 'finished', 'done', 'ended'],
    } -%}
    {{- outcome_of(word, words) -}}
{%- endmacro %}

{#-
  What a word of EigenPal's (a run's status, a verdict) means: the one place that knows. `ended` is an end
  without a judgement; a word that is not listed is `unknown`, null stays null.

  Documented are the statuses created, pending, running, waiting, finalizing, completed, failed, cancelled and
  rejected, and the verdicts correct and incorrect of people. A run that failed erred: nobody judged it. One
  that was rejected was judged, by whoever had to approve it. Servers before 0.9 have the verdicts pass, fail
  and partial.
-#}
{% macro eigenpal_outcome(word) -%}
    {%- set words = {
        'passed': ['correct', 'pass'],
        'partial': ['partial'],
        'failed': ['incorrect', 'fail', 'rejected'],
        'errored': ['failed', 'error', 'errored', 'timed_out'],
        'cancelled': ['cancelled', 'canceled'],
        'running': ['created', 'pending', 'queued', 'running', 'waiting', 'finalizing'],
        'ended': ['completed', 'succeeded', 'success'],
    } -%}
    {{- outcome_of(word, words) -}}
{%- endmacro %}

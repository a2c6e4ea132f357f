{#-
  What a status of Runflow's runs means: the one place that knows. `ended` is an end with a result, of which the
  current evaluation's verdict decides; a word that is not listed is `unknown`, null stays null.

  Documented are queued, dispatching, running, succeeded, failed, partial_succeeded, and canceled, which older pages
  write cancelled (docs.runflow.io, runs and batches); clients of the platform also know errored. The list is
  served by GET /v1/runs/statuses and is open, so synonyms are read too, in any case and with - or space for _.
-#}
{% macro runflow_outcome(word) -%}
    {%- set words = {
        'ended': [
            'succeeded', 'success', 'partial_succeeded', 'partially_succeeded', 'completed', 'complete',
            'finished', 'done',
        ],
        'errored': [
            'failed', 'failure', 'errored', 'error', 'timed_out', 'timeout', 'expired', 'rejected',
        ],
        'cancelled': ['canceled', 'cancelled', 'aborted', 'skipped'],
        'running': [
            'queued', 'dispatching', 'dispatched', 'running', 'pending', 'created', 'submitted', 'scheduled',
            'starting', 'started', 'in_progress', 'processing', 'retrying', 'waiting', 'paused', 'canceling',
            'cancelling',
        ],
    } -%}
    {{- outcome_of(word, words) -}}
{%- endmacro %}

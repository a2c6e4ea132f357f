{#-
  The columns that count runs by outcome: all of them, those of the pass rate, and those outside its denominator,
  one by one. `outcome` and `run_key` are columns, `run_key` null where an outer join found no run.
-#}
{% macro outcome_counts() -%}
    count(run_key) as runs,
    count(case when is_scored then 1 end) as scored_runs,
    count(case when is_passed then 1 end) as passed_runs
    {%- for outcome in ['partial', 'failed', 'errored', 'unscored', 'cancelled', 'running', 'unknown'] -%}
        ,
    count(case when outcome = '{{ outcome }}' then 1 end) as {{ outcome }}_runs
    {%- endfor %}
{%- endmacro %}

{#-
  Exact percentile of a group, linear between neighbours; nulls are left out. An aggregate.

  BigQuery has it as a window only; there it is approximate (`approx_quantiles`, in thousandths).
-#}
{% macro percentile(column, fraction) -%}
    {{ return(adapter.dispatch('percentile', 'runmart')(column, fraction)) }}
{%- endmacro %}

{% macro default__percentile(column, fraction) -%}
    percentile_cont({{ fraction }}) within group (order by {{ column }})
{%- endmacro %}

{% macro bigquery__percentile(column, fraction) -%}
    approx_quantiles({{ column }}, 1000)[offset({{ (fraction * 1000) | round | int }})]
{%- endmacro %}

{% macro clickhouse__percentile(column, fraction) -%}
    quantileExactInclusiveOrNull({{ fraction }})({{ column }})
{%- endmacro %}

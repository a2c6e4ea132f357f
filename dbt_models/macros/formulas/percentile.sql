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

{#- The usual ones together: DuckDB sorts the values of a group once for them, and not once for each. -#}
{% macro duckdb__percentile(column, fraction) -%}
    {%- set usual = [0.5, 0.95, 0.99] -%}
    {%- if fraction in usual -%}
        quantile_cont({{ column }}, {{ usual }})[{{ usual.index(fraction) + 1 }}]
    {%- else -%}
        {{ default__percentile(column, fraction) }}
    {%- endif -%}
{%- endmacro %}

{% macro bigquery__percentile(column, fraction) -%}
    approx_quantiles({{ column }}, 1000)[offset({{ (fraction * 1000) | round | int }})]
{%- endmacro %}

{% macro clickhouse__percentile(column, fraction) -%}
    quantileExactInclusiveOrNull({{ fraction }})({{ column }})
{%- endmacro %}

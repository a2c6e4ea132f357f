{#- The date that lies a whole number of days (an expression) before another one. -#}
{% macro days_earlier(date, days) -%}
    {{ return(adapter.dispatch('days_earlier', 'runmart')(date, days)) }}
{%- endmacro %}

{% macro default__days_earlier(date, days) -%}
    {{ date }} - cast({{ days }} as integer)
{%- endmacro %}

{% macro snowflake__days_earlier(date, days) -%}
    dateadd(day, -({{ days }}), {{ date }})
{%- endmacro %}

{% macro redshift__days_earlier(date, days) -%}
    cast(dateadd(day, -({{ days }}), {{ date }}) as date)
{%- endmacro %}

{% macro bigquery__days_earlier(date, days) -%}
    date_sub({{ date }}, interval {{ days }} day)
{%- endmacro %}

{% macro databricks__days_earlier(date, days) -%}
    date_sub({{ date }}, cast({{ days }} as int))
{%- endmacro %}

{% macro clickhouse__days_earlier(date, days) -%}
    subtractDays({{ date }}, {{ days }})
{%- endmacro %}

{#- The Monday of the week that a date lies in. -#}
{% macro first_day_of_week(date) -%}
    {{ return(adapter.dispatch('first_day_of', 'runmart')('week', date)) }}
{%- endmacro %}

{#- The first day of the month that a date lies in. -#}
{% macro first_day_of_month(date) -%}
    {{ return(adapter.dispatch('first_day_of', 'runmart')('month', date)) }}
{%- endmacro %}

{% macro default__first_day_of(unit, date) -%}
    cast(date_trunc('{{ unit }}', {{ date }}) as date)
{%- endmacro %}

{% macro snowflake__first_day_of(unit, date) -%}
    {#- Its week starts where the session says; counted from a Monday, it does not. -#}
    {%- if unit == 'week' -%}
        dateadd(day, 1 - dayofweekiso({{ date }}), {{ date }})
    {%- else -%}
        date_trunc('{{ unit }}', {{ date }})
    {%- endif -%}
{%- endmacro %}

{% macro bigquery__first_day_of(unit, date) -%}
    date_trunc({{ date }}, {{ 'isoweek' if unit == 'week' else unit }})
{%- endmacro %}

{% macro clickhouse__first_day_of(unit, date) -%}
    {{ 'toMonday' if unit == 'week' else 'toStartOfMonth' }}({{ date }})
{%- endmacro %}

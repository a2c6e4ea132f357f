{#- The moment that lies a whole number of minutes before another one. -#}
{% macro minutes_before(moment, minutes) -%}
    {{ return(adapter.dispatch('minutes_before', 'runmart')(moment, minutes)) }}
{%- endmacro %}

{% macro default__minutes_before(moment, minutes) -%}
    {{ moment }} - interval '{{ minutes }} minutes'
{%- endmacro %}

{% macro snowflake__minutes_before(moment, minutes) -%}
    dateadd(minute, -{{ minutes }}, {{ moment }})
{%- endmacro %}

{% macro redshift__minutes_before(moment, minutes) -%}
    dateadd(minute, -{{ minutes }}, {{ moment }})
{%- endmacro %}

{% macro bigquery__minutes_before(moment, minutes) -%}
    timestamp_sub({{ moment }}, interval {{ minutes }} minute)
{%- endmacro %}

{% macro databricks__minutes_before(moment, minutes) -%}
    {{ moment }} - interval {{ minutes }} minutes
{%- endmacro %}

{% macro clickhouse__minutes_before(moment, minutes) -%}
    {{ moment }} - toIntervalMinute({{ minutes }})
{%- endmacro %}

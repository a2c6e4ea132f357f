{#- The moment that lies a number of days of 24 hours before another one. -#}
{% macro days_before(moment, days) -%}
    {{ return(adapter.dispatch('days_before', 'runmart')(moment, days)) }}
{%- endmacro %}

{% macro default__days_before(moment, days) -%}
    {#- In hours: where the session's zone changes its clocks, an interval of a day has 23 or 25 of them. -#}
    {{ moment }} - interval '{{ days * 24 }} hours'
{%- endmacro %}

{% macro snowflake__days_before(moment, days) -%}
    timestampadd(hour, -{{ days * 24 }}, {{ moment }})
{%- endmacro %}

{% macro redshift__days_before(moment, days) -%}
    dateadd(hour, -{{ days * 24 }}, {{ moment }})
{%- endmacro %}

{% macro bigquery__days_before(moment, days) -%}
    timestamp_sub({{ moment }}, interval {{ days * 24 }} hour)
{%- endmacro %}

{% macro databricks__days_before(moment, days) -%}
    {{ moment }} - interval {{ days * 24 }} hours
{%- endmacro %}

{% macro clickhouse__days_before(moment, days) -%}
    {{ moment }} - toIntervalHour({{ days * 24 }})
{%- endmacro %}

{#- The day, in UTC, that a moment (timestamp with time zone) lies in, whatever the session's zone. -#}
{% macro utc_date(moment) -%}
    {{ return(adapter.dispatch('utc_date', 'runmart')(moment)) }}
{%- endmacro %}

{% macro default__utc_date(moment) -%}
    cast({{ moment }} at time zone 'UTC' as date)
{%- endmacro %}

{% macro snowflake__utc_date(moment) -%}
    cast(convert_timezone('UTC', {{ moment }}) as date)
{%- endmacro %}

{% macro bigquery__utc_date(moment) -%}
    date({{ moment }}, 'UTC')
{%- endmacro %}

{% macro databricks__utc_date(moment) -%}
    cast(from_utc_timestamp(to_utc_timestamp({{ moment }}, current_timezone()), 'UTC') as date)
{%- endmacro %}

{% macro clickhouse__utc_date(moment) -%}
    toDate32({{ moment }}, 'UTC')
{%- endmacro %}

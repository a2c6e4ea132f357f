{#- The day, in UTC, that a moment (timestamp with time zone) lies in, whatever the session's zone. -#}
{% macro utc_date(moment) -%}
    {{ return(adapter.dispatch('utc_date', 'runmart')(moment)) }}
{%- endmacro %}

{% macro default__utc_date(moment) -%}
    cast({{ moment }} at time zone 'UTC' as date)
{%- endmacro %}

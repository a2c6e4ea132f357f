{#- The moment that lies a number of days of 24 hours before another one. -#}
{% macro days_before(moment, days) -%}
    {{ return(adapter.dispatch('days_before', 'runmart')(moment, days)) }}
{%- endmacro %}

{% macro default__days_before(moment, days) -%}
    {#- In hours: a day of timestamp arithmetic has 23 or 25 of them when the session's zone changes its clocks. -#}
    {{ moment }} - interval '{{ days * 24 }} hours'
{%- endmacro %}

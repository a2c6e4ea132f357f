{#- Milliseconds from the start of 1970 (UTC) to a moment. -#}
{% macro epoch_milliseconds(moment) -%}
    {%- set start = "cast('1970-01-01 00:00:00+00:00' as " ~ sql_type('timestamp with time zone') ~ ')' -%}
    {{ milliseconds_between(start, moment) }}
{%- endmacro %}

{#- Whole milliseconds from one moment to another. -#}
{% macro milliseconds_between(start, stop) -%}
    {{ return(adapter.dispatch('milliseconds_between', 'runmart')(start, stop)) }}
{%- endmacro %}

{% macro default__milliseconds_between(start, stop) -%}
    cast(floor(extract(epoch from {{ stop }} - {{ start }}) * 1000) as bigint)
{%- endmacro %}

{% macro duckdb__milliseconds_between(start, stop) -%}
    {#- Its epoch is a double: 1.001 s would be 1000 ms. -#}
    date_sub('millisecond', {{ start }}, {{ stop }})
{%- endmacro %}

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

{% macro snowflake__milliseconds_between(start, stop) -%}
    {#- Its timestampdiff counts the boundaries that are crossed; of microseconds none is too many. -#}
    floor(timestampdiff(microsecond, {{ start }}, {{ stop }}) / 1000)
{%- endmacro %}

{% macro redshift__milliseconds_between(start, stop) -%}
    cast(floor(datediff(microsecond, {{ start }}, {{ stop }}) / 1000.0) as bigint)
{%- endmacro %}

{% macro bigquery__milliseconds_between(start, stop) -%}
    div(timestamp_diff({{ stop }}, {{ start }}, microsecond), 1000)
{%- endmacro %}

{% macro databricks__milliseconds_between(start, stop) -%}
    cast(floor((unix_micros({{ stop }}) - unix_micros({{ start }})) / 1000) as bigint)
{%- endmacro %}

{% macro clickhouse__milliseconds_between(start, stop) -%}
    intDiv(toUnixTimestamp64Micro({{ stop }}) - toUnixTimestamp64Micro({{ start }}), 1000)
{%- endmacro %}

{#- A number in double precision, so that integers divide as fractions on every engine. -#}
{% macro as_double(number) -%}
    {{ return(adapter.dispatch('as_double', 'runmart')(number)) }}
{%- endmacro %}

{% macro default__as_double(number) -%}
    cast({{ number }} as double precision)
{%- endmacro %}

{% macro bigquery__as_double(number) -%}
    cast({{ number }} as float64)
{%- endmacro %}

{% macro databricks__as_double(number) -%}
    cast({{ number }} as double)
{%- endmacro %}

{% macro clickhouse__as_double(number) -%}
    {#- A plain Float64 refuses nulls. -#}
    cast({{ number }} as Nullable(Float64))
{%- endmacro %}

{#- A number in double precision, so that integers divide as fractions on every engine. -#}
{% macro as_double(number) -%}
    cast({{ number }} as {{ sql_type('double precision') }})
{%- endmacro %}

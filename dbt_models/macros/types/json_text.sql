{#- The text of a JSON column. -#}
{% macro json_text(value) -%}
    {{ return(adapter.dispatch('json_text', 'runmart')(value)) }}
{%- endmacro %}

{% macro default__json_text(value) -%}
    cast({{ value }} as {{ sql_type('text') }})
{%- endmacro %}

{% macro snowflake__json_text(value) -%}
    to_json({{ value }})
{%- endmacro %}

{% macro bigquery__json_text(value) -%}
    to_json_string({{ value }})
{%- endmacro %}

{% macro redshift__json_text(value) -%}
    json_serialize({{ value }})
{%- endmacro %}

{#- The engine's name for the type that a raw column is declared with in a source's YAML. -#}
{% macro raw_type(declared) -%}
    {{ return(adapter.dispatch('raw_type', 'runmart')(declared)) }}
{%- endmacro %}

{% macro default__raw_type(declared) -%}
    {{ return(declared) }}
{%- endmacro %}

{% macro postgres__raw_type(declared) -%}
    {{ return('jsonb' if declared == 'json' else declared) }}
{%- endmacro %}

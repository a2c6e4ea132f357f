{#- Stacks one staging model per platform, by column name. -#}
{% macro union_platforms(relations, columns) %}
    {%- for relation in relations %}
        select {{ columns | join(', ') }}
        from {{ relation }}
        {{ 'union all' if not loop.last }}
    {%- endfor -%}
{% endmacro %}

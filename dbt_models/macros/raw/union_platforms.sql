{#- Stacks one staging model per platform, by column name. -#}
{% macro union_platforms(relations, columns) -%}
    {%- set selects = [] -%}
    {%- for relation in relations -%}
        {%- do selects.append('select ' ~ columns | join(', ') ~ ' from ' ~ relation) -%}
    {%- endfor -%}
    {{ selects | join('\n    union all\n    ') }}
{%- endmacro %}

{#-
  Stacks one staging model per platform (by their names, `stg_<platform>__<table>`), by column name. Platforms that
  are not loaded are left out.
-#}
{% macro union_platforms(models, columns) -%}
    {%- set selects = [] -%}
    {%- for model in models if is_loaded(model[4:].split('__')[0]) -%}
        {%- do selects.append('select ' ~ columns | join(', ') ~ ' from ' ~ ref(model)) -%}
    {%- endfor -%}
    {{ selects | join('\n    union all\n    ') }}
{%- endmacro %}

{#-
  Stacks one model per platform (by their names, `stg_<platform>__<table>` or, made from several of those,
  `int_<platform>_<table>`), by column name. Platforms that are not loaded are left out. A name may be followed by a
  condition (`stg_b3os__node_executions where is_call`).
-#}
{% macro union_platforms(models, columns) -%}
    {%- set selects = [] -%}
    {%- for model in models if is_loaded(model.split('_')[1]) -%}
        {%- set name, _, condition = model.partition(' ') -%}
        {%- do selects.append('select ' ~ columns | join(', ') ~ ' from ' ~ ref(name) ~ ' ' ~ condition) -%}
    {%- endfor -%}
    {{ selects | join('\n    union all\n    ') }}
{%- endmacro %}

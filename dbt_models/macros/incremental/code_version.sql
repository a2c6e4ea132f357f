{#-
  A hash of what facts are made by: the definitions of all views that the model stands on, and the facts' own text.
  When it changes (another version of runmart, a raw column that was not there before), every row is made again.

  Macros that a fact calls itself are not seen; what a platform's words mean is in the views.
-#}
{% macro code_version(facts) -%}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {%- set views = views_below(model) -%}
    {%- set texts = [] -%}
    {%- for row in run_query(view_definitions(views | map(attribute='schema') | unique | sort)).rows -%}
        {%- if row[0] in views | map(attribute='alias') | list -%}
            {%- do texts.append(row[0] ~ ' ' ~ row[1]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for fact in facts -%}
        {%- do texts.append(graph.nodes['model.' ~ project_name ~ '.' ~ fact].checksum.checksum) -%}
    {%- endfor -%}
    {{ return(local_md5(texts | join('\n'))) }}
{%- endmacro %}

{#- The models that a model stands on, at any distance. -#}
{% macro views_below(node) -%}
    {%- set found = [] -%}
    {%- for name in node.depends_on.nodes if name.startswith('model.') -%}
        {%- for below in [graph.nodes[name]] + views_below(graph.nodes[name]) if below not in found -%}
            {%- do found.append(below) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- A query of names and definitions of the views of some schemas, in their order. -#}
{% macro view_definitions(schemas) -%}
    {{ return(adapter.dispatch('view_definitions', 'runmart')(schemas)) }}
{%- endmacro %}

{% macro default__view_definitions(schemas) -%}
    select
        table_name,
        view_definition
    from information_schema.views
    where lower(table_schema) in ('{{ schemas | join("', '") | lower }}')
    order by table_schema, table_name
{%- endmacro %}

{% macro bigquery__view_definitions(schemas) -%}
    {%- for schema in schemas %}
    select
        table_name,
        view_definition
    from {{ schema }}.INFORMATION_SCHEMA.VIEWS
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    order by 1
{%- endmacro %}

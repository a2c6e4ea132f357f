{#-
  Selects the columns that the source's YAML declares from a raw table, whatever of it is there, with the
  account that its rows come from and the load that brought them.

  A table that was not loaded, or never had a row, gives no rows; a column that an older load did not
  make gives nulls. Both have the types that the YAML declares. Rows that name no account are those of
  the account `default`.
-#}
{% macro raw_table(source_name, table_name) %}
    {%- set declared = source(source_name, table_name) -%}
    {%- if not execute -%}
        select * from {{ declared }}
    {%- else -%}
        {%- set node = graph.sources['source.' ~ project_name ~ '.' ~ source_name ~ '.' ~ table_name] -%}
        {%- set loaded = adapter.get_relation(declared.database, declared.schema, declared.identifier) -%}
        {%- set present = [] -%}
        {%- if loaded -%}
            {%- for column in adapter.get_columns_in_relation(loaded) -%}
                {%- do present.append(column.name | lower) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- set no_load = 'cast(null as ' ~ sql_type('text') ~ ')' -%}
        {%- set columns = [] -%}
        {%- for column in node.columns.values() if column.name != 'account' -%}
            {%- set name = adapter.quote(column.name) -%}
            {%- set nothing = 'cast(null as ' ~ sql_type(column.data_type) ~ ') as ' ~ name -%}
            {%- do columns.append(name if column.name in present else nothing) -%}
        {%- endfor %}
        select
            {{ columns | join(',\n            ') }},
            {{ '_dlt_load_id' if '_dlt_load_id' in present else no_load }} as load_id,
            {{ "coalesce(nullif(account, ''), 'default')" if 'account' in present else "'default'" }} as account
        from {{ loaded if loaded else '(select 1 as nothing) as nothing where 1 = 0' }}
    {%- endif -%}
{% endmacro %}

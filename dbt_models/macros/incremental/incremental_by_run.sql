{#-
  A fact that is made run by run: rows of runs that were loaded again, or are gone, are deleted (in the same
  transaction), and rows of runs that the fact has none of are made. Nothing depends on the order in which loads
  end or on clocks: the version of each run is compared with the one that the fact was made from.
-#}
{% macro delete_outdated() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where run_key in (
            select made.run_key
            from {{ this }} as made
            left join {{ ref('int_run_versions') }} as versions on made.run_key = versions.run_key
            where versions.record_version is null or made.record_version <> versions.record_version
        )
    {%- endif -%}
{%- endmacro %}

{#- Runs (with their versions) that the fact has no rows of; before it is there, all of them. -#}
{% macro outdated_runs() -%}
    select versions.*
    from {{ ref('int_run_versions') }} as versions
    {%- if is_incremental() %}
    left join (select distinct run_key from {{ this }}) as made on versions.run_key = made.run_key
    where made.run_key is null
    {%- endif %}
{%- endmacro %}

{#-
  What to read instead of a relation where rows of outdated runs are looked for (in a query that has `outdated`):
  the relation. DuckDB would read every column of every row for it, payloads too: there, once runs have been made,
  ids alone tell which loads brought rows of outdated runs, and the rows of those loads are read.
-#}
{% macro rows_of_outdated_loads(relation) -%}
    {{ return(adapter.dispatch('rows_of_outdated_loads', 'runmart')(relation)) }}
{%- endmacro %}

{% macro default__rows_of_outdated_loads(relation) -%}
    {{ relation }}
{%- endmacro %}

{% macro duckdb__rows_of_outdated_loads(relation) -%}
    {%- if is_incremental() -%}
        {#- Rows that dlt did not load name no load. -#}
        (
            select *
            from {{ relation }}
            where
                load_id in (
                    select candidates.load_id
                    from {{ relation }} as candidates
                    inner join outdated
                        on
                            candidates.run_id = outdated.run_id
                            and candidates.account = outdated.account
                            and candidates.platform = outdated.platform
                )
            union all
            select *
            from {{ relation }}
            where load_id is null
        )
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

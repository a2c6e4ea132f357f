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

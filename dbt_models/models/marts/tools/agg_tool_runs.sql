-- One row per run and tool that it called: its calls, and how many of them were errors, retries and repeats.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook='{{ delete_outdated() }}',
) }}
{%- set in_order = '(partition by run_key, tool_key order by call_index)' %}
{%- set length = var('loop_length') %}

with outdated as (
    {{ outdated_runs() }}
),

tool_calls as (
    select
        calls.run_key,
        calls.platform,
        calls.account,
        calls.tool_key,
        calls.tool_name,
        calls.mcp_server_id,
        calls.call_index,
        calls.is_error,
        calls.arguments_key,
        calls.record_version
    from {{ counted(ref('fct_tool_calls')) }} as calls
    inner join outdated on calls.run_key = outdated.run_key
),

-- Each call beside its neighbours among the run's calls of the same tool: one pass over the calls.
neighbours as (
    select
        {% for distance in range(1, length + 1) %}
            lag(call_index, {{ distance }}) over {{ in_order }} as index_{{ distance }},
            lag(arguments_key, {{ distance }}) over {{ in_order }} as arguments_{{ distance }},
        {% endfor %}
        lag(is_error) over {{ in_order }} as is_previous_error,
        lead(is_error) over {{ in_order }} as is_next_error,
        *
    from tool_calls
),

final as (
    select
        {{ joined_key(['run_key', escaped('tool_name')]) }} as tool_run_key,
        platform,
        account,
        run_key,
        tool_key,
        tool_name,
        mcp_server_id,
        count(*) as calls,
        count(case when is_error then 1 end) as flagged_calls,
        count(case when not is_error then 1 end) as unflagged_calls,
        count(case when is_error is null then 1 end) as unknown_calls,
        count(case when is_previous_error and index_1 = call_index - 1 then 1 end) as retries,
        count(case when is_error and is_next_error is not null then 1 end) as followed_errors,
        count(case when is_error and not is_next_error then 1 end) as recovered_errors,
        -- Counted at the call that makes it one: longer loops are not counted again.
        count(
            case
                when
                    not coalesce(
                        index_{{ length }} = call_index - {{ length }}
                        and arguments_{{ length }} = arguments_key,
                        false
                    )
                    {% for distance in range(1, length) %}
                        and index_{{ distance }} = call_index - {{ distance }}
                        and arguments_{{ distance }} = arguments_key
                    {% endfor %}
                    then 1
            end
        ) as loops,
        count(arguments_key) as calls_with_arguments,
        count(arguments_key) - count(distinct arguments_key) as wasted_calls,
        record_version
    from neighbours
    group by platform, account, run_key, tool_key, tool_name, mcp_server_id, record_version
)

select * from final
{%- if target.type == 'duckdb' %}
    -- Rows are looked up by run: DuckDB keeps the names of neighbours once, and finds them sooner.
    order by run_key
{%- endif %}

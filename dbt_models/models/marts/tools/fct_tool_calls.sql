-- One row per tool call of a run, of every platform; its arguments and result stay in staging.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook='{{ delete_outdated() }}',
) }}

with outdated as (
    {{ outdated_runs() }}
),

tool_calls as (
    select * from {{ rows_of_outdated_loads(ref('int_tool_calls')) }}
),

runs as (
    select * from {{ ref('fct_runs') }}
),

workflows as (
    select * from {{ ref('int_workflows') }}
),

final as (
    select
        -- Keys are made here, after the join: made below it, they are made of every call that there is.
        {{ joined_key([
            'tool_calls.platform', 'tool_calls.account', 'tool_calls.run_id', 'tool_calls.call_index',
        ]) }} as tool_call_key,
        outdated.run_key,
        tool_calls.platform,
        tool_calls.account,
        tool_calls.run_id,
        tool_calls.call_index,
        tool_calls.tool_call_id,
        {{ joined_key(['tool_calls.platform', 'tool_calls.account', 'tool_calls.tool_name']) }} as tool_key,
        tool_calls.tool_name,
        {{ text_hash(json_text('tool_calls.arguments')) }} as arguments_key,
        cast(
            length(replace({{ json_text('tool_calls.result') }}, ' ', '')) as {{ sql_type('bigint') }}
        ) as result_size,
        workflows.mcp_server_id,
        runs.workflow_key,
        runs.workflow_id,
        runs.model_key,
        runs.model,
        runs.outcome as run_outcome,
        runs.is_scored as run_is_scored,
        runs.is_passed as run_is_passed,
        -- What is known of no run is not known to be of a simulation.
        coalesce(runs.is_counted, true) as is_counted,
        runs.run_at,
        runs.run_date,
        tool_calls.is_error,
        tool_calls.called_at,
        case when tool_calls.duration_ms >= 0 then tool_calls.duration_ms end as duration_ms,
        outdated.record_version
    from tool_calls
    inner join outdated
        on
            tool_calls.run_id = outdated.run_id
            and tool_calls.account = outdated.account
            and tool_calls.platform = outdated.platform
    left join runs on outdated.run_key = runs.run_key
    left join workflows on runs.workflow_key = workflows.workflow_key
)

select * from final

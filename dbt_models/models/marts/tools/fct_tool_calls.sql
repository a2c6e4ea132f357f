-- One row per tool call of a run, of every platform; its arguments and result stay in staging.
with tool_calls as (
    select * from {{ ref('int_tool_calls') }}
),

runs as (
    select * from {{ ref('fct_runs') }}
),

workflows as (
    select * from {{ ref('int_workflows') }}
),

final as (
    select
        tool_calls.tool_call_key,
        tool_calls.run_key,
        tool_calls.platform,
        tool_calls.account,
        tool_calls.run_id,
        tool_calls.call_index,
        tool_calls.tool_call_id,
        tool_calls.tool_key,
        tool_calls.tool_name,
        {{ text_hash(json_text('tool_calls.arguments')) }} as arguments_key,
        cast(length(replace({{ json_text('tool_calls.result') }}, ' ', '')) as {{ sql_type('bigint') }}) as result_size,
        workflows.mcp_server_id,
        runs.workflow_key,
        runs.workflow_id,
        runs.model_key,
        runs.model,
        runs.outcome as run_outcome,
        runs.is_scored as run_is_scored,
        runs.is_passed as run_is_passed,
        runs.run_at,
        runs.run_date,
        tool_calls.is_error,
        tool_calls.called_at,
        case when tool_calls.duration_ms >= 0 then tool_calls.duration_ms end as duration_ms
    from tool_calls
    left join runs on tool_calls.run_key = runs.run_key
    left join workflows on runs.workflow_key = workflows.workflow_key
)

select * from final

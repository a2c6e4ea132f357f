-- One row per Runflow run, in its latest known state.
with source as (
    {{ raw_table('runflow', 'runs') }}
),

named as (
    select
        *,
        coalesce(flow_id, comfyui_workflow_id, model_id) as workflow_id,
        case when evaluation_passed then 'passed' when not evaluation_passed then 'failed' end as verdict
    from source
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'run_id']) }} as run_key,
        'runflow' as platform,
        account,
        run_id,
        {{ joined_key(["'runflow'", 'account', 'workflow_id']) }} as workflow_key,
        workflow_id,
        cast(null as {{ sql_type('text') }}) as workflow_name,
        coalesce(flow_version_id, target_version) as workflow_version_id,
        status,
        case
            when status is not null then {{ runflow_outcome('status') }}
            -- Servers that leave enums out tell by other fields how far a run is.
            when failure_code is not null then 'errored'
            when ended_at is not null then 'ended'
            when created_at is not null then 'running'
        end as status_outcome,
        verdict,
        verdict as verdict_outcome,
        cast(null as {{ sql_type('text') }}) as classification,
        source as trigger_type,
        cast(null as {{ sql_type('bigint') }}) as attempt,
        cast(null as {{ sql_type('text') }}) as retry_of_run_id,
        'production' as purpose,
        coalesce(started_at, created_at) as started_at,
        ended_at,
        duration_ms,
        cost,
        'usd' as cost_unit,
        score,
        cast(null as {{ sql_type('bigint') }}) as input_tokens,
        cast(null as {{ sql_type('bigint') }}) as output_tokens,
        cast(null as {{ sql_type('bigint') }}) as total_tokens,
        coalesce(nullif(failure_message, ''), failure_code) as error_message,
        flow_id,
        comfyui_workflow_id,
        model_id,
        evaluation_status,
        target_type,
        target_version,
        created_at,
        cost_breakdown,
        evaluation_summary,
        feedback_is_positive,
        feedback_reason,
        failure_code,
        failure_stage,
        nodes_total,
        nodes_completed,
        has_node_runs,
        has_logs,
        batch_id,
        client_ref,
        request_id,
        org_id,
        created_by,
        jurisdiction_code,
        resolved_template_id,
        source_chat_message_id,
        callback_url,
        input,
        output,
        context,
        metadata,
        links,
        extra,
        _extracted_at as extracted_at,
        load_id
    from named
)

select * from final

-- One row per Runflow run, in its latest known state.
with raw_runs as (
    {{ raw_table('runflow', 'runs') }}
),

models as (
    {{ raw_table('runflow', 'models') }}
),

source as (
    select
        *,
        coalesce(flow_id, comfyui_workflow_id, model_id) as workflow_id,
        case when evaluation_passed then 'passed' when not evaluation_passed then 'failed' end as verdict
    from raw_runs
),

final as (
    select
        {{ joined_key(["'runflow'", 'source.account', 'source.run_id']) }} as run_key,
        'runflow' as platform,
        source.account,
        source.run_id,
        {{ joined_key(["'runflow'", 'source.account', 'source.workflow_id']) }} as workflow_key,
        source.workflow_id,
        cast(null as {{ sql_type('text') }}) as workflow_name,
        coalesce(source.flow_version_id, source.target_version) as workflow_version_id,
        {{ joined_key(["'runflow'", 'source.account', "coalesce(models.slug, source.model_id, '(unknown)')"]) }}
            as model_key,
        coalesce(models.slug, source.model_id, '(unknown)') as model,
        source.status,
        case
            when source.status is not null then {{ runflow_outcome('source.status') }}
            -- Servers that leave enums out tell by other fields how far a run is.
            when source.failure_code is not null then 'errored'
            when source.ended_at is not null then 'ended'
            when source.created_at is not null then 'running'
        end as status_outcome,
        source.verdict,
        source.verdict as verdict_outcome,
        cast(null as {{ sql_type('text') }}) as classification,
        source.source as trigger_type,
        cast(null as {{ sql_type('bigint') }}) as attempt,
        cast(null as {{ sql_type('text') }}) as retry_of_run_id,
        'production' as purpose,
        coalesce(source.started_at, source.created_at) as started_at,
        source.ended_at,
        source.duration_ms,
        source.cost,
        'usd' as cost_unit,
        source.score,
        cast(null as {{ sql_type('bigint') }}) as input_tokens,
        cast(null as {{ sql_type('bigint') }}) as output_tokens,
        cast(null as {{ sql_type('bigint') }}) as total_tokens,
        coalesce(nullif(source.failure_message, ''), source.failure_code) as error_message,
        source.flow_id,
        source.comfyui_workflow_id,
        source.model_id,
        source.evaluation_status,
        source.target_type,
        source.target_version,
        source.created_at,
        source.cost_breakdown,
        source.evaluation_summary,
        source.feedback_is_positive,
        source.feedback_reason,
        source.failure_code,
        source.failure_stage,
        source.nodes_total,
        source.nodes_completed,
        source.has_node_runs,
        source.has_logs,
        source.batch_id,
        source.client_ref,
        source.request_id,
        source.org_id,
        source.created_by,
        source.jurisdiction_code,
        source.resolved_template_id,
        source.source_chat_message_id,
        source.callback_url,
        source.input,
        source.output,
        source.context,
        source.metadata,
        source.links,
        source.extra,
        source._extracted_at as extracted_at,
        source.load_id
    from source
    -- Runs of a model name it by its id only.
    left join models on source.account = models.account and source.model_id = models.model_id
)

select * from final

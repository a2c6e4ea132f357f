-- One row per run of an Armature workflow, in its latest known state.
with source as (
    {{ raw_table('armature', 'runs') }}
),

final as (
    select
        {{ joined_key(["'armature'", 'account', 'run_id']) }} as run_key,
        'armature' as platform,
        account,
        run_id,
        {{ joined_key(["'armature'", 'account', 'workflow_id']) }} as workflow_key,
        workflow_id,
        nullif(trim(workflow_name), '') as workflow_name,
        workflow_version_id,
        {{ joined_key(["'armature'", 'account', "coalesce(nullif(trim(model), ''), '(unknown)')"]) }}
            as model_key,
        coalesce(nullif(trim(model), ''), '(unknown)') as model,
        status,
        {{ armature_outcome('status') }} as status_outcome,
        verdict,
        {{ armature_outcome('verdict') }} as verdict_outcome,
        classification,
        trigger as trigger_type,
        'production' as purpose,
        attempt,
        cast(null as {{ sql_type('text') }}) as retry_of_run_id,
        started_at,
        ended_at,
        duration_ms,
        cost,
        'unknown' as cost_unit,
        score,
        input_tokens,
        output_tokens,
        total_tokens,
        error as error_message,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

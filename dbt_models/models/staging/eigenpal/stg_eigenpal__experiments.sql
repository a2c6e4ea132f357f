-- One row per experiment of EigenPal: a batch of runs of one dataset.
with source as (
    {{ raw_table('eigenpal', 'experiments') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'automation_id', 'experiment_id']) }} as experiment_key,
        {{ joined_key(["'eigenpal'", 'account', 'automation_id']) }} as workflow_key,
        'eigenpal' as platform,
        account,
        automation_id as workflow_id,
        experiment_id,
        automation_type,
        status,
        run_count,
        completed_count,
        passed_count,
        failed_count,
        avg_score,
        version,
        created_at,
        ended_at,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

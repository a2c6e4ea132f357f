-- One row per Runflow flow that was ever seen, deleted ones included.
with source as (
    {{ raw_table('runflow', 'flows') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'flow_id']) }} as workflow_key,
        'runflow' as platform,
        account,
        flow_id,
        slug,
        nullif(trim(name), '') as flow_name,
        description,
        flow_type,
        category,
        status,
        visibility,
        version,
        current_version_id,
        estimated_cost,
        cost_per_run,
        run_count,
        avg_duration,
        nodes,
        org_id,
        created_by,
        created_at,
        updated_at,
        first_seen_at,
        last_seen_at,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

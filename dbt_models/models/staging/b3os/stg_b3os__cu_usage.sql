-- One row per run in a B3OS organisation's account of compute units.
with source as (
    {{ raw_table('b3os', 'cu_usage') }}
),

final as (
    select
        {{ joined_key(["'b3os'", 'account', 'organization_id', 'run_id']) }} as usage_key,
        {{ joined_key(["'b3os'", 'account', 'run_id']) }} as run_key,
        'b3os' as platform,
        account,
        organization_id,
        run_id,
        {{ joined_key(["'b3os'", 'account', 'workflow_id']) }} as workflow_key,
        workflow_id,
        status,
        trigger_source as trigger_type,
        started_at,
        ended_at,
        cost,
        'compute_units' as cost_unit,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

-- One row per node that a Runflow run came to.
with source as (
    {{ raw_table('runflow', 'node_runs') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'run_id', 'node_run_id']) }} as node_run_key,
        {{ joined_key(["'runflow'", 'account', 'run_id']) }} as run_key,
        'runflow' as platform,
        account,
        run_id,
        node_run_id,
        node_run_index,
        node_id,
        flow_id,
        status,
        created_at,
        started_at,
        ended_at,
        duration_ms,
        cost,
        retry_count,
        error_message,
        input,
        output,
        input_signature,
        preview_type,
        preview_value,
        'usd' as cost_unit,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

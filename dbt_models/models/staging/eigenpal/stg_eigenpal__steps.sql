-- One row per run and step of an EigenPal workflow, in the API's order.
with source as (
    {{ raw_table('eigenpal', 'steps') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'run_id', 'step_index']) }} as step_key,
        {{ joined_key(["'eigenpal'", 'account', 'run_id']) }} as run_key,
        'eigenpal' as platform,
        account,
        run_id,
        step_index,
        step_id,
        step_name,
        step_type,
        step_action,
        step_path,
        scope_hash,
        execution_order,
        step_attempt,
        is_latest_attempt,
        status,
        error as error_message,
        duration_ms,
        started_at,
        ended_at,
        input_data,
        output_data,
        resolved_config,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

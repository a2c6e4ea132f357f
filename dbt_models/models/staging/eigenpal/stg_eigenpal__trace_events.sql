-- One row per entry of an EigenPal run's trace, in the API's order. Loaded only when asked for.
with source as (
    {{ raw_table('eigenpal', 'trace_events') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'run_id', 'event_index']) }} as trace_event_key,
        {{ joined_key(["'eigenpal'", 'account', 'run_id']) }} as run_key,
        'eigenpal' as platform,
        account,
        run_id,
        event_index,
        type as event_type,
        phase,
        step_name,
        status,
        started_at,
        ended_at,
        message,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

-- One row per B3OS run and endpoint that could not be read, kept when it was read after all.
with source as (
    {{ raw_table('b3os', 'fetch_errors') }}
),

final as (
    select
        {{ joined_key(["'b3os'", 'account', 'run_id', 'endpoint']) }} as fetch_error_key,
        {{ joined_key(["'b3os'", 'account', 'run_id']) }} as run_key,
        'b3os' as platform,
        account,
        run_id,
        endpoint,
        status_code,
        message,
        attempts,
        first_failed_at,
        last_failed_at,
        resolved_at,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

-- One row per line of a Runflow run's log. Loaded only when asked for.
with source as (
    {{ raw_table('runflow', 'logs') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'run_id', 'log_id']) }} as log_key,
        {{ joined_key(["'runflow'", 'account', 'run_id']) }} as run_key,
        'runflow' as platform,
        account,
        run_id,
        log_id,
        log_index,
        level as log_level,
        message,
        logged_at,
        meta,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

-- One row per chunk of a sync with EigenPal: which window was read, how, and what is known to be missing.
with source as (
    {{ raw_table('eigenpal', 'sync_log') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'sync_id', 'chunk']) }} as sync_chunk_key,
        'eigenpal' as platform,
        account,
        sync_id,
        chunk,
        window_start,
        window_end,
        range as requested_range,
        pages,
        runs_listed,
        runs_new,
        runs_changed,
        open_runs,
        requests,
        retries,
        throttled_seconds,
        gap_start,
        gap_end,
        started_at,
        finished_at,
        is_complete,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

-- One row per finding about a sync: what it could not read, or no longer could.
with fetch_errors as (
    select * from {{ ref('int_fetch_errors') }}
),

syncs as (
    select * from {{ ref('int_syncs') }}
),

last_syncs as (
    select * from {{ ref('int_last_syncs') }}
),

findings as (
    select
        'details_unread' as check_name,
        platform,
        account,
        fetch_error_key as record_key
    from fetch_errors
    where resolved_at is null
    union all
    select
        'holes_in_history' as check_name,
        platform,
        account,
        sync_chunk_key as record_key
    from syncs
    where gap_start is not null or gap_end is not null
    union all
    select
        'last_sync_incomplete' as check_name,
        platform,
        account,
        last_sync_id as record_key
    from last_syncs
    where not is_last_sync_complete
),

final as (
    select
        {{ joined_key(['check_name', 'platform', 'account', 'record_key']) }} as finding_key,
        check_name,
        platform,
        account,
        record_key
    from findings
)

select * from final

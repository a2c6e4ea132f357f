-- One row per platform and account, with its last sync and the last one that read its whole window.
with platforms as (
    select * from {{ ref('int_platforms') }}
),

syncs as (
    select
        platform,
        account,
        sync_id,
        min(started_at) as started_at,
        max(finished_at) as finished_at,
        max(case when is_complete then 1 else 0 end) as completes,
        max(case when is_complete then finished_at end) as completed_at
    from {{ ref('int_syncs') }}
    group by platform, account, sync_id
),

ranked as (
    select
        *,
        max(completed_at) over (partition by platform, account) as last_complete_sync_at,
        row_number() over (
            partition by platform, account
            order by case when finished_at is null then 1 else 0 end, finished_at desc, sync_id desc
        ) as recency
    from syncs
),

final as (
    select
        platforms.account_key,
        platforms.platform,
        platforms.account,
        platforms.last_synced_at,
        ranked.sync_id as last_sync_id,
        ranked.started_at as last_sync_started_at,
        ranked.finished_at as last_sync_finished_at,
        ranked.completes = 1 as is_last_sync_complete,
        ranked.last_complete_sync_at
    from platforms
    left join ranked
        on
            platforms.platform = ranked.platform
            and platforms.account = ranked.account
            and ranked.recency = 1
)

select * from final

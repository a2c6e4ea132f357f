-- One row per platform that has runs or was synced, with the moment of its last sync.
with sync_log as (
    {{ union_platforms([ref('stg_armature__sync_log')], ['platform', 'finished_at']) }}
),

runs as (
    select
        platform,
        extracted_at
    from {{ ref('int_runs') }}
),

readings as (
    select
        platform,
        finished_at as read_at
    from sync_log
    union all
    select
        platform,
        extracted_at as read_at
    from runs
),

final as (
    select
        platform,
        max(read_at) as last_synced_at
    from readings
    group by platform
)

select * from final

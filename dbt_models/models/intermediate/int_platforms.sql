-- One row per platform and account that has runs or was synced, with the moment of its last sync.
{{ config(materialized='table') }}

with syncs as (
    select * from {{ ref('int_syncs') }}
),

runs as (
    select * from {{ ref('int_runs') }}
),

readings as (
    select
        platform,
        account,
        finished_at as read_at,
        null as run_date
    from syncs
    union all
    select
        platform,
        account,
        extracted_at as read_at,
        run_date
    from runs
),

final as (
    select
        {{ joined_key(['platform', 'account']) }} as account_key,
        platform,
        account,
        max(read_at) as last_synced_at,
        min(run_date) as first_run_date,
        max(run_date) as last_run_date
    from readings
    group by platform, account
)

select * from final

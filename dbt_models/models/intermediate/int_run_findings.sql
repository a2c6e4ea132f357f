-- One row per finding about a run: what is odd about it or missing in it.
with runs as (
    select * from {{ ref('fct_runs') }}
),

-- Negative durations are gone from the facts.
said_durations as (
    {{ union_platforms(['stg_armature__runs'], ['platform', 'account', 'run_key', 'duration_ms']) }}
),

run_ids as (
    select
        platform,
        run_id
    from runs
    group by platform, run_id
    having min(account) <> max(account)
),

findings as (
    select
        'runs_without_time' as check_name,
        platform,
        account,
        run_key as record_key
    from runs
    where run_at is null
    union all
    select
        'runs_without_model' as check_name,
        platform,
        account,
        run_key as record_key
    from runs
    where model = '(unknown)'
    union all
    select
        'runs_without_workflow' as check_name,
        platform,
        account,
        run_key as record_key
    from runs
    where workflow_key is null
    union all
    select
        'runs_of_unknown_status' as check_name,
        platform,
        account,
        run_key as record_key
    from runs
    where outcome = 'unknown'
    union all
    select
        'runs_ended_before_start' as check_name,
        platform,
        account,
        run_key as record_key
    from runs
    where ended_at < started_at
    union all
    select
        'runs_with_negative_cost' as check_name,
        platform,
        account,
        run_key as record_key
    from runs
    where cost < 0
    union all
    select
        'runs_in_the_future' as check_name,
        platform,
        account,
        run_key as record_key
    from runs
    where extracted_at < {{ minutes_before('run_at', 60) }}
    union all
    select
        'run_ids_in_several_accounts' as check_name,
        runs.platform,
        runs.account,
        runs.run_key as record_key
    from runs
    inner join run_ids
        on
            runs.platform = run_ids.platform
            and runs.run_id = run_ids.run_id
    union all
    select
        'runs_with_negative_duration' as check_name,
        platform,
        account,
        run_key as record_key
    from said_durations
    where duration_ms < 0
),

final as (
    select
        {{ joined_key(['check_name', 'record_key']) }} as finding_key,
        check_name,
        platform,
        account,
        record_key
    from findings
)

select * from final

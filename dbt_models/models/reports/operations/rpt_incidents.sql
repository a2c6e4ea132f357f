-- One row per incident of a workflow: from the first of several failures in a row to the next pass, if any.
with runs as (
    select * from {{ counted(ref('fct_runs')) }} as counted_runs
),

platforms as (
    select * from {{ ref('int_platforms') }}
),

workflows as (
    select * from {{ ref('dim_workflows') }}
),

-- What neither passed nor failed (partial, cancelled, unscored, running) begins nothing and ends nothing.
decisive_runs as (
    select
        workflow_key,
        platform,
        account,
        run_at,
        case when outcome = 'passed' then 1 else 0 end as passes,
        case when outcome = 'errored' then 1 else 0 end as errors
    from runs
    where outcome in ('passed', 'failed', 'errored') and workflow_key is not null and run_at is not null
),

-- The passes so far number the stretches. At the same moment failures come first: the order is settled.
stretches as (
    select
        *,
        sum(passes) over (
            partition by workflow_key
            order by run_at, passes
            rows between unbounded preceding and current row
        ) as passes_so_far
    from decisive_runs
),

failures as (
    select
        workflow_key,
        platform,
        account,
        passes_so_far,
        count(*) as failures,
        sum(errors) as errored_runs,
        min(run_at) as started_at,
        max(run_at) as last_failed_at
    from stretches
    where passes = 0
    group by workflow_key, platform, account, passes_so_far
    having count(*) >= {{ var('incident_failures') }}
),

-- The pass that has number n + 1 ends the stretch after n passes.
recoveries as (
    select
        workflow_key,
        passes_so_far,
        run_at as recovered_at
    from stretches
    where passes = 1
),

incidents as (
    select
        failures.*,
        recoveries.recovered_at,
        platforms.last_synced_at,
        case
            when recoveries.recovered_at is not null then recoveries.recovered_at
            when platforms.last_synced_at < failures.last_failed_at then failures.last_failed_at
            else platforms.last_synced_at
        end as seen_until,
        row_number() over (partition by failures.workflow_key order by failures.started_at) as incident_number
    from failures
    left join recoveries
        on
            failures.workflow_key = recoveries.workflow_key
            and failures.passes_so_far + 1 = recoveries.passes_so_far
    inner join platforms
        on
            failures.platform = platforms.platform
            and failures.account = platforms.account
),

final as (
    select
        {{ joined_key(['incidents.workflow_key', 'incidents.incident_number']) }} as incident_key,
        incidents.platform,
        incidents.account,
        incidents.workflow_key,
        workflows.workflow_id,
        workflows.workflow_name,
        incidents.incident_number,
        incidents.failures,
        incidents.failures - cast(incidents.errored_runs as {{ sql_type('bigint') }}) as failed_runs,
        cast(incidents.errored_runs as {{ sql_type('bigint') }}) as errored_runs,
        incidents.started_at,
        incidents.last_failed_at,
        incidents.recovered_at,
        incidents.recovered_at is null as is_open,
        {{ safe_divide(milliseconds_between('incidents.started_at', 'incidents.recovered_at'), 60000) }}
            as minutes_to_recovery,
        {{ safe_divide(milliseconds_between('incidents.started_at', 'incidents.seen_until'), 60000) }}
            as duration_minutes,
        incidents.last_synced_at as as_of
    from incidents
    left join workflows on incidents.workflow_key = workflows.workflow_key
)

select * from final

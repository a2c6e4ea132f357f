-- One row per platform, account, workflow and day (UTC) with scored runs: how far failures have piled up.
with runs as (
    select
        platform,
        account,
        workflow_key,
        run_key,
        run_at,
        run_date,
        case when is_passed then 1 else 0 end as passed
    from {{ counted(ref('fct_runs')) }} as counted_runs
    where is_scored and workflow_key is not null and run_at is not null
),

workflows as (
    select
        workflow_key,
        workflow_id,
        workflow_name
    from {{ ref('dim_workflows') }}
),

numbered as (
    select
        *,
        row_number() over (partition by workflow_key order by run_at, run_key) as place,
        sum(passed) over (
            partition by workflow_key
            order by run_at, run_key
            rows between unbounded preceding and current row
        ) as passes
    from runs
),

-- A workflow's own first runs say what is usual for it; with fewer, nothing does.
baselines as (
    select
        workflow_key,
        count(*) as baseline_runs,
        sum(passed) as baseline_passes,
        {{ safe_divide('sum(passed)', 'count(*)') }} as baseline_pass_rate
    from numbered
    where place <= {{ var('cusum_baseline_runs') }}
    group by workflow_key
    having count(*) = {{ var('cusum_baseline_runs') }}
),

-- Counts are summed, not the steps: whole numbers give the same sum in any order, on any engine.
watched as (
    select
        numbered.workflow_key,
        numbered.run_key,
        numbered.run_date,
        numbered.run_at,
        numbered.place,
        (baselines.baseline_pass_rate - {{ var('cusum_slack') }}) * (numbered.place - baselines.baseline_runs)
        - (numbered.passes - baselines.baseline_passes) as walk
    from numbered
    inner join baselines on numbered.workflow_key = baselines.workflow_key
    where numbered.place > baselines.baseline_runs
),

-- What the walk has risen above its lowest point: max(0, S + step), run by run, without recursion.
-- Days follow each other as runs do: the last run of a day is the one before another day.
risen as (
    select
        *,
        walk - least(
            0,
            min(walk) over (
                partition by workflow_key order by place rows between unbounded preceding and current row
            )
        ) as cusum,
        lead(run_date) over (partition by workflow_key order by place) as next_date
    from watched
),

alarms as (
    select
        workflow_key,
        min(run_at) as first_alarm_at
    from risen
    where cusum > {{ var('cusum_threshold') }}
    group by workflow_key
),

watched_days as (
    select
        workflow_key,
        run_date,
        count(*) as watched_runs,
        max(cusum) as highest_cusum,
        max(case when next_date is null or next_date <> run_date then cusum end) as cusum
    from risen
    group by workflow_key, run_date
),

days as (
    select
        platform,
        account,
        workflow_key,
        run_date,
        count(*) as scored_runs,
        sum(passed) as passed_runs
    from runs
    group by platform, account, workflow_key, run_date
),

final as (
    select
        {{ joined_key(['days.workflow_key', 'days.run_date']) }} as cusum_key,
        days.platform,
        days.account,
        days.workflow_key,
        workflows.workflow_id,
        workflows.workflow_name,
        days.run_date,
        days.scored_runs,
        cast(days.passed_runs as {{ sql_type('bigint') }}) as passed_runs,
        {{ safe_divide('days.passed_runs', 'days.scored_runs') }} as pass_rate,
        {{ wilson_low('days.passed_runs', 'days.scored_runs') }} as pass_rate_low,
        {{ wilson_high('days.passed_runs', 'days.scored_runs') }} as pass_rate_high,
        days.scored_runs < {{ var('min_sample') }} as is_small_sample,
        baselines.baseline_runs,
        cast(baselines.baseline_passes as {{ sql_type('bigint') }}) as baseline_passes,
        baselines.baseline_pass_rate,
        coalesce(watched_days.watched_runs, 0) as watched_runs,
        watched_days.cusum,
        watched_days.highest_cusum,
        coalesce(watched_days.highest_cusum, 0) > {{ var('cusum_threshold') }} as is_alarm,
        alarms.first_alarm_at
    from days
    inner join workflows on days.workflow_key = workflows.workflow_key
    left join baselines on days.workflow_key = baselines.workflow_key
    left join watched_days
        on
            days.workflow_key = watched_days.workflow_key
            and days.run_date = watched_days.run_date
    left join alarms on days.workflow_key = alarms.workflow_key
)

select * from final

-- One row per platform, account, model and day (UTC) since the model's first run, days without runs included.
with runs as (
    select * from {{ counted(ref('fct_runs')) }} as counted_runs
    where run_date is not null
),

models as (
    select * from {{ counted(ref('dim_models')) }} as counted_models
),

days as (
    select * from {{ ref('int_days') }}
),

counted as (
    select
        model_key,
        run_date,
        {{ outcome_counts() }}
    from runs
    group by model_key, run_date
),

-- A day without runs is a row of zeros, so that seven rows are seven days.
dense as (
    select
        models.platform,
        models.account,
        models.model_key,
        models.model,
        days.run_date,
        days.week_start_date,
        days.days_ago > 0 as is_over,
        coalesce(counted.runs, 0) as runs,
        coalesce(counted.scored_runs, 0) as scored_runs,
        coalesce(counted.passed_runs, 0) as passed_runs,
        coalesce(counted.partial_runs, 0) as partial_runs,
        coalesce(counted.failed_runs, 0) as failed_runs,
        coalesce(counted.errored_runs, 0) as errored_runs,
        coalesce(counted.unscored_runs, 0) as unscored_runs,
        coalesce(counted.cancelled_runs, 0) as cancelled_runs,
        coalesce(counted.running_runs, 0) as running_runs,
        coalesce(counted.unknown_runs, 0) as unknown_runs
    from models
    inner join days
        on
            models.platform = days.platform
            and models.account = days.account
            and days.run_date >= {{ utc_date('models.first_run_at') }}
    left join counted
        on
            models.model_key = counted.model_key
            and days.run_date = counted.run_date
),

rolling as (
    select
        *,
        sum(scored_runs) over (
            partition by model_key
            order by run_date
            rows between 6 preceding and current row
        ) as scored_runs_7d,
        sum(passed_runs) over (
            partition by model_key
            order by run_date
            rows between 6 preceding and current row
        ) as passed_runs_7d,
        sum(scored_runs) over (
            partition by model_key
            order by run_date
            rows between 27 preceding and current row
        ) as scored_runs_28d,
        sum(passed_runs) over (
            partition by model_key
            order by run_date
            rows between 27 preceding and current row
        ) as passed_runs_28d
    from dense
),

final as (
    select
        {{ joined_key(['platform', 'account', 'model', 'run_date']) }} as model_day_key,
        platform,
        account,
        model_key,
        model,
        run_date,
        week_start_date,
        is_over,
        runs,
        scored_runs,
        passed_runs,
        {{ safe_divide('passed_runs', 'scored_runs') }} as pass_rate,
        {{ wilson_low('passed_runs', 'scored_runs') }} as pass_rate_low,
        {{ wilson_high('passed_runs', 'scored_runs') }} as pass_rate_high,
        scored_runs < {{ var('min_sample') }} as is_small_sample,
        partial_runs,
        failed_runs,
        errored_runs,
        unscored_runs,
        cancelled_runs,
        running_runs,
        unknown_runs,
        cast(scored_runs_7d as {{ sql_type('bigint') }}) as scored_runs_7d,
        cast(passed_runs_7d as {{ sql_type('bigint') }}) as passed_runs_7d,
        {{ safe_divide('passed_runs_7d', 'scored_runs_7d') }} as pass_rate_7d,
        {{ wilson_low('passed_runs_7d', 'scored_runs_7d') }} as pass_rate_7d_low,
        {{ wilson_high('passed_runs_7d', 'scored_runs_7d') }} as pass_rate_7d_high,
        scored_runs_7d < {{ var('min_sample') }} as is_small_sample_7d,
        cast(scored_runs_28d as {{ sql_type('bigint') }}) as scored_runs_28d,
        cast(passed_runs_28d as {{ sql_type('bigint') }}) as passed_runs_28d,
        {{ safe_divide('passed_runs_28d', 'scored_runs_28d') }} as pass_rate_28d,
        {{ wilson_low('passed_runs_28d', 'scored_runs_28d') }} as pass_rate_28d_low,
        {{ wilson_high('passed_runs_28d', 'scored_runs_28d') }} as pass_rate_28d_high,
        scored_runs_28d < {{ var('min_sample') }} as is_small_sample_28d
    from rolling
)

select * from final

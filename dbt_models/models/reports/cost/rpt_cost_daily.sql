-- One row per platform, account, model, cost unit and day (UTC), days without runs included: what was spent.
{%- set month_so_far -%}
    partition by model_key, cost_unit, month_start_date
    order by run_date
    rows between unbounded preceding and current row
{%- endset %}
{%- set money = sql_type('decimal(38, 9)') %}

with runs as (
    select
        platform,
        account,
        model_key,
        model,
        cost_unit,
        run_date,
        outcome,
        is_scored,
        is_passed,
        cost
    from {{ counted(ref('fct_runs')) }} as counted_runs
),

days as (
    select * from {{ ref('int_days') }}
),

spent as (
    select
        model_key,
        cost_unit,
        run_date,
        count(*) as runs,
        count(case when is_scored then 1 end) as scored_runs,
        count(case when is_passed then 1 end) as passed_runs,
        count(cost) as runs_with_cost,
        sum(cost) as total_cost,
        sum(case when is_scored then cost end) as scored_cost,
        count(case when outcome in ('failed', 'errored', 'cancelled') then 1 end) as wasted_runs,
        sum(case when outcome in ('failed', 'errored', 'cancelled') then cost end) as wasted_cost
    from runs
    where run_date is not null
    group by model_key, cost_unit, run_date
),

-- A model's days begin with its first run in a unit.
series as (
    select
        platform,
        account,
        model_key,
        model,
        cost_unit,
        min(run_date) as first_run_date
    from runs
    where run_date is not null
    group by platform, account, model_key, model, cost_unit
),

dense as (
    select
        series.platform,
        series.account,
        series.model_key,
        series.model,
        series.cost_unit,
        days.run_date,
        days.month_start_date,
        days.days_ago,
        coalesce(spent.runs, 0) as runs,
        coalesce(spent.scored_runs, 0) as scored_runs,
        coalesce(spent.passed_runs, 0) as passed_runs,
        coalesce(spent.runs_with_cost, 0) as runs_with_cost,
        spent.total_cost,
        spent.scored_cost,
        coalesce(spent.wasted_runs, 0) as wasted_runs,
        spent.wasted_cost
    from series
    inner join days
        on
            series.platform = days.platform
            and series.account = days.account
            and series.first_run_date <= days.run_date
    left join spent
        on
            series.model_key = spent.model_key
            and series.cost_unit = spent.cost_unit
            and days.run_date = spent.run_date
),

to_date as (
    select
        *,
        cast(sum(runs) over ({{ month_so_far }}) as {{ sql_type('bigint') }}) as month_to_date_runs,
        cast(sum(runs_with_cost) over ({{ month_so_far }}) as {{ sql_type('bigint') }})
            as month_to_date_runs_with_cost,
        sum(total_cost) over ({{ month_so_far }}) as month_to_date_known_cost
    from dense
),

-- Where nothing ran, nothing was spent; where something ran, and nobody says at what cost, that is not known.
known as (
    select
        *,
        case
            when month_to_date_runs = 0 then 0
            else month_to_date_known_cost
        end as month_to_date_cost,
        cast(extract(day from run_date) as {{ sql_type('bigint') }}) as days_elapsed,
        -- 31 days after its first day, a month is over, whichever it is.
        cast(
            extract(
                day from {{ days_earlier(first_day_of_month(days_earlier('month_start_date', -31)), 1) }}
            ) as {{ sql_type('bigint') }}
        ) as days_in_month
    from to_date
),

final as (
    select
        {{ joined_key(['platform', 'account', 'cost_unit', 'run_date', 'model']) }} as cost_day_key,
        platform,
        account,
        model_key,
        model,
        cost_unit,
        run_date,
        days_ago > 0 as is_over,
        runs,
        scored_runs,
        passed_runs,
        runs_with_cost,
        {{ safe_divide('runs_with_cost', 'runs') }} as cost_coverage,
        cast(case when runs = 0 then 0 else total_cost end as {{ money }}) as total_cost,
        cast(scored_cost as {{ money }}) as scored_cost,
        {{ safe_divide('scored_cost', 'passed_runs') }} as cost_per_pass,
        wasted_runs,
        cast(case when wasted_runs = 0 then 0 else wasted_cost end as {{ money }}) as wasted_cost,
        month_start_date,
        month_to_date_runs,
        month_to_date_runs_with_cost,
        cast(month_to_date_cost as {{ money }}) as month_to_date_cost,
        days_elapsed,
        days_in_month,
        {{ safe_divide('month_to_date_cost', 'days_elapsed') }} as daily_run_rate,
        {{ safe_divide('month_to_date_cost', 'days_elapsed') }} * days_in_month as projected_month_cost
    from known
)

select * from final

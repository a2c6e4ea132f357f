-- One row per platform, account, period, cost unit and model: does another cost no more and pass no less?
{%- set money = sql_type('decimal(38, 9)') %}

with runs as (
    select
        platform,
        account,
        model_key,
        model,
        cost_unit,
        run_at,
        is_scored,
        is_passed,
        cost
    from {{ counted(ref('fct_runs')) }} as counted_runs
    where model <> '(unknown)'
),

platforms as (
    select * from {{ ref('int_platforms') }}
),

-- A period ends with the platform's last sync, not now.
periods as (
    {% for period, days in var('periods').items() %}
        select
            platform,
            account,
            '{{ period }}' as period,
            {{ days_before('last_synced_at', days or 0) }} as starts_at,
            {{ 'true' if days is none else 'false' }} as is_unbounded
        from platforms
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

counts as (
    select
        runs.platform,
        runs.account,
        periods.period,
        runs.cost_unit,
        runs.model_key,
        runs.model,
        count(*) as runs,
        count(case when runs.is_scored then 1 end) as scored_runs,
        count(case when runs.is_passed then 1 end) as passed_runs,
        count(runs.cost) as runs_with_cost,
        cast(sum(runs.cost) as {{ money }}) as total_cost
    from runs
    inner join periods
        on
            runs.platform = periods.platform
            and runs.account = periods.account
            and (periods.is_unbounded or runs.run_at >= periods.starts_at)
    group by
        runs.platform, runs.account, periods.period, runs.cost_unit, runs.model_key, runs.model
),

models as (
    select
        *,
        {{ safe_divide('passed_runs', 'scored_runs') }} as pass_rate,
        {{ safe_divide('total_cost', 'runs_with_cost') }} as mean_cost
    from counts
),

-- Mean costs are compared as products: 0.3 / 3 and 0.1 / 1 are the same price, and not the same double.
better as (
    select
        models.platform,
        models.account,
        models.period,
        models.cost_unit,
        models.model_key,
        rivals.model as dominated_by,
        row_number() over (
            partition by models.period, models.cost_unit, models.model_key
            order by rivals.pass_rate desc, rivals.mean_cost asc, rivals.model asc
        ) as place
    from models
    inner join models as rivals
        on
            models.platform = rivals.platform
            and models.account = rivals.account
            and models.period = rivals.period
            and models.cost_unit = rivals.cost_unit
            and models.pass_rate <= rivals.pass_rate
            and rivals.total_cost * models.runs_with_cost <= models.total_cost * rivals.runs_with_cost
            and (
                models.pass_rate < rivals.pass_rate
                or rivals.total_cost * models.runs_with_cost < models.total_cost * rivals.runs_with_cost
            )
),

dominated as (
    select
        period,
        cost_unit,
        model_key,
        dominated_by
    from better
    where place = 1
),

placed as (
    select
        models.*,
        dominated.dominated_by,
        models.mean_cost is not null
        and models.pass_rate is not null
        and dominated.model_key is null as is_on_frontier
    from models
    left join dominated
        on
            models.period = dominated.period
            and models.cost_unit = dominated.cost_unit
            and models.model_key = dominated.model_key
),

-- Models that tie share a point. Along the frontier, what passes more costs more.
points as (
    select
        platform,
        account,
        period,
        cost_unit,
        pass_rate,
        min(mean_cost) as mean_cost
    from placed
    where is_on_frontier
    group by platform, account, period, cost_unit, pass_rate
),

steps as (
    select
        *,
        pass_rate
        - lag(pass_rate) over (
            partition by platform, account, period, cost_unit order by pass_rate
        ) as pass_rate_step,
        mean_cost
        - lag(mean_cost) over (
            partition by platform, account, period, cost_unit order by pass_rate
        ) as mean_cost_step,
        row_number() over (
            partition by platform, account, period, cost_unit order by pass_rate
        ) as frontier_rank
    from points
),

final as (
    select
        {{ joined_key([
            'placed.platform', 'placed.account', 'placed.period', 'placed.cost_unit', 'placed.model',
        ]) }} as price_quality_key,
        placed.platform,
        placed.account,
        placed.period,
        placed.cost_unit,
        placed.model_key,
        placed.model,
        placed.runs,
        placed.scored_runs,
        placed.passed_runs,
        placed.pass_rate,
        {{ wilson_low('placed.passed_runs', 'placed.scored_runs') }} as pass_rate_low,
        {{ wilson_high('placed.passed_runs', 'placed.scored_runs') }} as pass_rate_high,
        placed.scored_runs < {{ var('min_sample') }} as is_small_sample,
        placed.runs_with_cost,
        {{ safe_divide('placed.runs_with_cost', 'placed.runs') }} as cost_coverage,
        placed.total_cost,
        placed.mean_cost,
        placed.is_on_frontier,
        placed.dominated_by,
        steps.frontier_rank,
        -- The first step has nothing below it; a lag of it may be 0 instead of null.
        case
            when steps.frontier_rank > 1
                then {{ safe_divide('steps.mean_cost_step', '(100 * steps.pass_rate_step)') }}
        end as marginal_cost_per_point
    from placed
    left join steps
        on
            placed.is_on_frontier
            and placed.platform = steps.platform
            and placed.account = steps.account
            and placed.period = steps.period
            and placed.cost_unit = steps.cost_unit
            and placed.pass_rate = steps.pass_rate
)

select * from final

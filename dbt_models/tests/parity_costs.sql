-- Costs by day are those of the counted facts, unit by unit, as far as the calendar reaches.
with counts as (
    select
        runs.platform,
        runs.account,
        runs.cost_unit,
        count(*) as runs,
        coalesce(sum(runs.cost), 0) as total_cost
    from {{ counted(ref('fct_runs')) }} as runs
    inner join {{ ref('int_days') }} as calendar
        on
            runs.platform = calendar.platform
            and runs.account = calendar.account
            and runs.run_date = calendar.run_date
    group by runs.platform, runs.account, runs.cost_unit
    union all
    select
        platform,
        account,
        cost_unit,
        sum(runs) as runs,
        coalesce(sum(total_cost), 0) as total_cost
    from {{ ref('rpt_cost_daily') }}
    group by platform, account, cost_unit
    having sum(runs) > 0
),

final as (
    select
        platform,
        account,
        cost_unit,
        count(*) as places,
        min(runs) as fewest_runs,
        max(runs) as most_runs,
        min(total_cost) as lowest_cost,
        max(total_cost) as highest_cost
    from counts
    group by platform, account, cost_unit
    having count(*) <> 2 or min(runs) <> max(runs) or min(total_cost) <> max(total_cost)
)

select * from final

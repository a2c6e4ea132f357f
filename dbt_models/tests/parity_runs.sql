-- Every raw run, and its cost, is in the facts and in the reports that are sums of them, once.
with counts as (
    {% for platform in ['armature'] %}
        select
            '{{ platform }}' as platform,
            account,
            count(*) as runs,
            sum(cost) as total_cost
        from (
            {{ raw_table(platform, 'runs') }}
        ) as raw_runs
        group by account
        union all
    {% endfor %}
    select
        platform,
        account,
        count(*) as runs,
        sum(cost) as total_cost
    from {{ ref('fct_runs') }}
    group by platform, account
    union all
    select
        platform,
        account,
        sum(runs) as runs,
        sum(total_cost) as total_cost
    from {{ ref('agg_workflow_daily') }}
    group by platform, account
    union all
    select
        platform,
        account,
        sum(runs) as runs,
        sum(total_cost) as total_cost
    from {{ ref('rpt_model_scorecard') }}
    where period = 'all'
    group by platform, account
),

final as (
    select
        platform,
        account,
        count(*) as places,
        min(runs) as fewest_runs,
        max(runs) as most_runs,
        min(total_cost) as lowest_cost,
        max(total_cost) as highest_cost,
        count(total_cost) as places_with_cost
    from counts
    group by platform, account
    having
        count(*) <> 4
        or min(runs) <> max(runs)
        or min(total_cost) <> max(total_cost)
        or count(total_cost) not in (0, 4)
)

select * from final

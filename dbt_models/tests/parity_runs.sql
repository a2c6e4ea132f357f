-- Every raw run, and its cost, is in the facts once; every one that counts in the reports that are sums.
with counts as (
    {% for platform in ['armature', 'b3os'] %}
        select
            'loaded' as scope,
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
        'loaded' as scope,
        platform,
        account,
        count(*) as runs,
        sum(cost) as total_cost
    from {{ ref('fct_runs') }}
    group by platform, account
    union all
    select
        'counted' as scope,
        platform,
        account,
        count(*) as runs,
        sum(cost) as total_cost
    from {{ counted(ref('fct_runs')) }} as counted_runs
    group by platform, account
    union all
    select
        'counted' as scope,
        platform,
        account,
        sum(runs) as runs,
        sum(total_cost) as total_cost
    from {{ ref('agg_workflow_daily') }}
    group by platform, account
    union all
    select
        'counted' as scope,
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
        scope,
        platform,
        account,
        count(*) as places,
        min(runs) as fewest_runs,
        max(runs) as most_runs,
        min(total_cost) as lowest_cost,
        max(total_cost) as highest_cost,
        count(total_cost) as places_with_cost
    from counts
    group by scope, platform, account
    having
        count(*) <> case scope when 'loaded' then 2 else 3 end
        or min(runs) <> max(runs)
        or min(total_cost) <> max(total_cost)
        or count(total_cost) not in (0, count(*))
)

select * from final

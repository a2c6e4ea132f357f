-- Every raw tool call is in the facts once; every one that counts in those per run and in the scorecard.
with counts as (
    {% for platform in ['armature'] %}
        select
            'loaded' as scope,
            '{{ platform }}' as platform,
            account,
            count(*) as calls
        from (
            {{ raw_table(platform, 'tool_calls') }}
        ) as raw_calls
        group by account
        union all
    {% endfor %}
    select
        'loaded' as scope,
        'b3os' as platform,
        account,
        count(*) as calls
    from (
        {{ raw_table('b3os', 'node_executions') }}
    ) as raw_nodes
    -- The trigger is no call, and neither is a node that never began.
    where
        node_id <> 'root'
        and (started_at is not null or {{ b3os_outcome('status') }} in ('passed', 'failed', 'errored'))
    group by account
    union all
    select
        'loaded' as scope,
        platform,
        account,
        count(*) as calls
    from {{ ref('fct_tool_calls') }}
    group by platform, account
    union all
    select
        'counted' as scope,
        platform,
        account,
        count(*) as calls
    from {{ counted(ref('fct_tool_calls')) }} as counted_tool_calls
    group by platform, account
    {% for report in ['agg_tool_runs', 'rpt_tool_scorecard'] %}
        union all
        select
            'counted' as scope,
            platform,
            account,
            sum(calls) as calls
        from {{ ref(report) }}
        group by platform, account
    {% endfor %}
),

final as (
    select
        scope,
        platform,
        account,
        count(*) as places,
        min(calls) as fewest_calls,
        max(calls) as most_calls
    from counts
    group by scope, platform, account
    having count(*) <> case scope when 'loaded' then 2 else 3 end or min(calls) <> max(calls)
)

select * from final

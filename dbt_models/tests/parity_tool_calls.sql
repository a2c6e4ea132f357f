-- Every raw tool call is in the facts, in the calls per run and in the scorecard, once.
with counts as (
    {% for platform in ['armature'] %}
        select
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
        platform,
        account,
        count(*) as calls
    from {{ ref('fct_tool_calls') }}
    group by platform, account
    {% for report in ['agg_tool_runs', 'rpt_tool_scorecard'] %}
        union all
        select
            platform,
            account,
            sum(calls) as calls
        from {{ ref(report) }}
        group by platform, account
    {% endfor %}
),

final as (
    select
        platform,
        account,
        count(*) as places,
        min(calls) as fewest_calls,
        max(calls) as most_calls
    from counts
    group by platform, account
    having count(*) <> 4 or min(calls) <> max(calls)
)

select * from final

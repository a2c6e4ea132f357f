-- Scored and passed runs that count are the same in the facts and in the reports that are sums of them.
with counts as (
    select
        platform,
        account,
        count(case when is_scored then 1 end) as scored_runs,
        count(case when is_passed then 1 end) as passed_runs
    from {{ counted(ref('fct_runs')) }} as counted_runs
    group by platform, account
    {% for report in ['agg_workflow_daily', 'rpt_model_scorecard'] %}
        union all
        select
            platform,
            account,
            sum(scored_runs) as scored_runs,
            sum(passed_runs) as passed_runs
        from {{ ref(report) }}
        {{ "where period = 'all'" if report == 'rpt_model_scorecard' }}
        group by platform, account
    {% endfor %}
),

final as (
    select
        platform,
        account,
        count(*) as places,
        min(scored_runs) as fewest_scored_runs,
        max(scored_runs) as most_scored_runs,
        min(passed_runs) as fewest_passed_runs,
        max(passed_runs) as most_passed_runs
    from counts
    group by platform, account
    having count(*) <> 3 or min(scored_runs) <> max(scored_runs) or min(passed_runs) <> max(passed_runs)
)

select * from final

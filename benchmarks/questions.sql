-- ? Which model passes most often this month?
select
    model,
    sum(case when is_scored then 1 else 0 end) as scored_runs,
    sum(case when is_passed then 1 else 0 end) as passed_runs,
    1.0 * sum(case when is_passed then 1 else 0 end) / sum(case when is_scored then 1 else 0 end) as pass_rate
from analytics.fct_runs
where run_date >= date '2026-03-01'
group by model
order by pass_rate desc;

-- ? How did each workflow's pass rate move, week by week?
select
    workflow_id,
    date_trunc('week', run_date) as week,
    sum(scored_runs) as scored_runs,
    1.0 * sum(passed_runs) / nullif(sum(scored_runs), 0) as pass_rate
from analytics.agg_workflow_daily
group by workflow_id, week
order by workflow_id, week;

-- ? What does a pass cost, by model?
select
    model,
    cost_unit,
    sum(case when is_scored then cost end) / nullif(count(case when is_passed then 1 end), 0) as cost_per_pass,
    1.0 * count(cost) / count(*) as cost_coverage
from analytics.fct_runs
group by model, cost_unit
order by cost_per_pass;

-- ? Which tools fail most often?
select
    tool_name,
    count(is_error) as calls,
    count(case when is_error then 1 end) as failed_calls,
    1.0 * count(case when is_error then 1 end) / nullif(count(is_error), 0) as error_rate
from analytics.fct_tool_calls
group by tool_name
order by error_rate desc;

-- ? Which tools are slowest this month (median and 95th percentile)?
select
    tool_name,
    count(duration_ms) as calls,
    quantile_cont(duration_ms, [0.5, 0.95]) as p50_and_p95_ms
from analytics.fct_tool_calls
where run_date >= date '2026-03-01'
group by tool_name
order by p50_and_p95_ms desc;

-- ? What did one run do, call by call?
select
    calls.call_index,
    calls.tool_name,
    calls.is_error,
    calls.duration_ms,
    calls.run_outcome
from analytics.fct_tool_calls as calls
where calls.run_key = 'armature/default/run_' || md5('777777')
order by calls.call_index;

-- ? Which runs failed yesterday, and what did they say?
select
    run_id,
    workflow_name,
    model,
    outcome,
    error_message
from analytics.fct_runs
where run_date = date '2026-03-30' and outcome in ('failed', 'errored')
order by run_at desc;

-- ? Which criteria are missed most often in which workflow?
select
    workflow_id,
    criterion_text,
    count(is_passed) as judged,
    count(case when not is_passed then 1 end) as missed
from analytics.fct_criterion_results
where run_date >= date '2026-01-01'
group by workflow_id, criterion_text
order by missed desc
limit 50;

-- ? Did the new version of a workflow get better?
select
    workflow_id,
    workflow_version_id,
    count(case when is_scored then 1 end) as scored_runs,
    1.0 * count(case when is_passed then 1 end) / nullif(count(case when is_scored then 1 end), 0) as pass_rate
from analytics.fct_runs
group by workflow_id, workflow_version_id
order by workflow_id, workflow_version_id;

-- ? How are our models doing, in one table?
select *
from analytics.rpt_model_scorecard
order by period, pass_rate desc;

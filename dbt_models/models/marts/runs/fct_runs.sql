-- One row per run, of every platform, with its outcome, evaluation, cost and calls.
with runs as (
    select * from {{ ref('int_runs') }}
),

tool_calls as (
    select
        platform,
        account,
        run_key,
        count(*) as tool_calls,
        count(case when is_error then 1 end) as tool_call_errors
    from {{ ref('int_tool_calls') }}
    group by platform, account, run_key
),

criteria as (
    select
        run_key,
        count(*) as criteria,
        count(case when outcome = 'passed' then 1 end) as passed_criteria
    from {{ ref('int_criterion_results') }}
    group by run_key
),

-- Where a platform has no call at all, none were loaded: that is not the same as no calls.
platforms_with_calls as (
    select distinct
        platform,
        account
    from tool_calls
),

final as (
    select
        runs.run_key,
        runs.platform,
        runs.account,
        runs.run_id,
        runs.workflow_key,
        runs.workflow_id,
        runs.workflow_name,
        runs.workflow_version_id,
        runs.model_key,
        runs.model,
        runs.status,
        runs.verdict,
        runs.outcome,
        runs.outcome in ('passed', 'partial', 'failed') as is_scored,
        case
            when runs.outcome in ('passed', 'partial', 'failed') then runs.outcome = 'passed'
        end as is_passed,
        runs.score,
        runs.classification,
        runs.trigger_type,
        runs.attempt,
        runs.run_at,
        runs.run_date,
        runs.started_at,
        runs.ended_at,
        runs.duration_ms,
        runs.cost,
        runs.cost_unit,
        runs.input_tokens,
        runs.output_tokens,
        runs.total_tokens,
        case
            when platforms_with_calls.platform is not null then coalesce(tool_calls.tool_calls, 0)
        end as tool_calls,
        case
            when platforms_with_calls.platform is not null then coalesce(tool_calls.tool_call_errors, 0)
        end as tool_call_errors,
        runs.evaluation_id,
        runs.judge_model,
        runs.evaluated_at,
        criteria.criteria,
        criteria.passed_criteria,
        runs.error_message,
        runs.extracted_at
    from runs
    left join tool_calls on runs.run_key = tool_calls.run_key
    left join criteria on runs.run_key = criteria.run_key
    left join platforms_with_calls
        on
            runs.platform = platforms_with_calls.platform
            and runs.account = platforms_with_calls.account
)

select * from final

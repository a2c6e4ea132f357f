-- One row per run, of every platform, with its outcome, evaluation, cost and calls.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook='{{ delete_outdated() }}',
) }}

with outdated as (
    {{ outdated_runs() }}
),

runs as (
    select * from {{ ref('int_runs') }}
),

tool_calls as (
    select
        outdated.run_key,
        count(*) as tool_calls,
        count(case when calls.is_error then 1 end) as tool_call_errors
    from {{ ref('int_tool_calls') }} as calls
    inner join outdated
        on
            calls.run_id = outdated.run_id
            and calls.account = outdated.account
            and calls.platform = outdated.platform
    group by outdated.run_key
),

criteria as (
    select
        outdated.run_key,
        count(*) as criteria,
        count(case when results.outcome = 'passed' then 1 end) as passed_criteria
    from {{ ref('int_criterion_results') }} as results
    inner join outdated
        on
            results.run_id = outdated.run_id
            and results.account = outdated.account
            and results.platform = outdated.platform
    group by outdated.run_key
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
        runs.purpose,
        runs.is_counted,
        runs.attempt,
        runs.retry_of_run_id,
        runs.is_retried,
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
        case when outdated.has_loaded_calls then coalesce(tool_calls.tool_calls, 0) end as tool_calls,
        case
            when outdated.has_loaded_calls then coalesce(tool_calls.tool_call_errors, 0)
        end as tool_call_errors,
        runs.evaluation_id,
        runs.judge_model,
        runs.evaluated_at,
        criteria.criteria,
        criteria.passed_criteria,
        runs.error_message,
        runs.extracted_at,
        outdated.record_version
    from runs
    inner join outdated
        on
            runs.run_id = outdated.run_id
            and runs.account = outdated.account
            and runs.platform = outdated.platform
    left join tool_calls on outdated.run_key = tool_calls.run_key
    left join criteria on outdated.run_key = criteria.run_key
)

select * from final

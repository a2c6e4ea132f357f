-- One row per finding about an evaluation, a criterion or a tool call: what is odd or missing.
{{ config(materialized='table') }}

with runs as (
    select * from {{ ref('fct_runs') }}
),

evaluations as (
    select * from {{ ref('int_evaluations') }}
),

criteria as (
    select * from {{ ref('fct_criterion_results') }}
),

tool_calls as (
    select * from {{ ref('fct_tool_calls') }}
),

-- Negative durations are gone from the facts.
said_durations as (
    select * from {{ ref('int_tool_calls') }}
),

evaluation_ids as (
    select
        platform,
        account,
        evaluation_id
    from evaluations
    where evaluation_id is not null
    group by platform, account, evaluation_id
    having count(*) > 1
),

findings as (
    select
        'evaluations_without_run' as check_name,
        evaluations.platform,
        evaluations.account,
        evaluations.run_key as record_key
    from evaluations
    left join runs on evaluations.run_key = runs.run_key
    where runs.run_key is null
    union all
    select
        'evaluation_ids_repeated' as check_name,
        evaluations.platform,
        evaluations.account,
        evaluations.run_key as record_key
    from evaluations
    inner join evaluation_ids
        on
            evaluations.platform = evaluation_ids.platform
            and evaluations.account = evaluation_ids.account
            and evaluations.evaluation_id = evaluation_ids.evaluation_id
    union all
    -- A run that was loaded always has an outcome.
    select
        'criteria_without_run' as check_name,
        platform,
        account,
        criterion_result_key as record_key
    from criteria
    where run_outcome is null
    union all
    select
        'tool_calls_without_run' as check_name,
        platform,
        account,
        tool_call_key as record_key
    from tool_calls
    where run_outcome is null
    union all
    select
        'tool_calls_with_negative_duration' as check_name,
        platform,
        account,
        tool_call_key as record_key
    from said_durations
    where duration_ms < 0
),

final as (
    select
        {{ joined_key(['check_name', 'record_key']) }} as finding_key,
        check_name,
        platform,
        account,
        record_key
    from findings
)

select * from final

-- One row per platform, account, judge model and period: verdicts missing, late, undecided; drift.
{%- set late_after = var('judge_late_after_minutes') %}

with evaluations as (
    select
        run_key,
        verdict_outcome
    from {{ ref('int_evaluations') }}
),

criteria as (
    select
        run_key,
        count(case when is_required then 1 end) as required_criteria,
        count(case when is_required and is_passed then 1 end) as passed_required_criteria,
        count(case when is_required and not is_passed then 1 end) as failed_required_criteria
    from {{ counted(ref('fct_criterion_results')) }} as counted_criterion_results
    group by run_key
),

platforms as (
    select * from {{ ref('int_platforms') }}
),

-- Runs that a judge was to judge: those that ended, and not in infrastructure or by somebody's hand.
judged as (
    select
        runs.run_key,
        runs.platform,
        runs.account,
        runs.workflow_key,
        runs.run_at,
        coalesce(runs.judge_model, '(unknown)') as judge_model,
        case
            when
                evaluations.run_key is not null
                and evaluations.verdict_outcome in ('passed', 'partial', 'failed')
                then 'decided'
            when evaluations.run_key is not null then 'undecided'
            when runs.verdict is not null and runs.is_scored then 'decided'
            when runs.verdict is not null then 'undecided'
            when runs.is_scored then 'status_only'
            when runs.ended_at > {{ minutes_before('platforms.last_synced_at', late_after) }} then 'awaited'
            else 'missing'
        end as verdict_state,
        case
            when evaluations.run_key is null then runs.is_passed
            when evaluations.verdict_outcome in ('passed', 'partial', 'failed')
                then evaluations.verdict_outcome = 'passed'
        end as is_verdict_passed,
        -- A verdict from before the end of the run did not keep anybody waiting.
        case
            when runs.evaluated_at <= runs.ended_at then 0
            else {{ milliseconds_between('runs.ended_at', 'runs.evaluated_at') }}
        end as delay_ms,
        case
            when criteria.failed_required_criteria > 0 then false
            when
                criteria.required_criteria > 0
                and criteria.passed_required_criteria = criteria.required_criteria
                then true
        end as is_criteria_passed
    from {{ counted(ref('fct_runs')) }} as runs
    inner join platforms
        on
            runs.platform = platforms.platform
            and runs.account = platforms.account
    left join evaluations on runs.run_key = evaluations.run_key
    left join criteria on runs.run_key = criteria.run_key
    where runs.outcome in ('passed', 'partial', 'failed', 'unscored')
),

judges as (
    select distinct
        platform,
        account,
        judge_model
    from judged
),

-- A period ends with the account's last sync, not now.
periods as (
    {% for period, days in var('periods').items() %}
        select
            platform,
            account,
            '{{ period }}' as period,
            {{ days_before('last_synced_at', days or 0) }} as starts_at,
            {{ 'true' if days is none else 'false' }} as is_unbounded
        from platforms
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Every judge in every period: a period without verdicts is a row of zeros.
runs_of_period as (
    select
        judges.platform,
        judges.account,
        judges.judge_model,
        periods.period,
        judged.run_key,
        judged.workflow_key,
        judged.verdict_state,
        judged.is_verdict_passed,
        case when judged.verdict_state in ('decided', 'undecided') then judged.delay_ms end as delay_ms,
        case when judged.verdict_state = 'decided' then judged.is_criteria_passed end as is_criteria_passed
    from judges
    inner join periods
        on
            judges.platform = periods.platform
            and judges.account = periods.account
    left join judged
        on
            judges.platform = judged.platform
            and judges.account = judged.account
            and judges.judge_model = judged.judge_model
            and (periods.is_unbounded or periods.starts_at <= judged.run_at)
),

figures as (
    select
        platform,
        account,
        judge_model,
        period,
        count(run_key) as ended_runs,
        count(case when verdict_state in ('decided', 'undecided') then 1 end) as verdicts,
        count(case when verdict_state = 'decided' then 1 end) as decided_verdicts,
        count(case when verdict_state = 'undecided' then 1 end) as undecided_verdicts,
        count(case when verdict_state = 'status_only' then 1 end) as status_only_runs,
        count(case when verdict_state = 'awaited' then 1 end) as awaited_verdicts,
        count(case when verdict_state = 'missing' then 1 end) as missing_verdicts,
        count(delay_ms) as timed_verdicts,
        count(case when delay_ms > {{ late_after * 60000 }} then 1 end) as late_verdicts,
        {{ percentile('delay_ms', 0.5) }} as p50_delay_ms,
        {{ percentile('delay_ms', 0.95) }} as p95_delay_ms,
        count(is_criteria_passed) as compared_verdicts,
        count(case when is_criteria_passed = is_verdict_passed then 1 end) as agreeing_verdicts,
        count(case when is_verdict_passed and not is_criteria_passed then 1 end) as passed_against_criteria,
        count(case when not is_verdict_passed and is_criteria_passed then 1 end) as failed_against_criteria,
        count(case when verdict_state = 'decided' and is_verdict_passed then 1 end) as passed_verdicts
    from runs_of_period
    group by platform, account, judge_model, period
),

-- Verdicts of a judge whose name is not known are neither its own nor those of others.
verdicts_per_workflow as (
    select
        platform,
        account,
        judge_model,
        period,
        workflow_key,
        count(*) as verdicts,
        count(case when is_verdict_passed then 1 end) as passed_verdicts
    from runs_of_period
    where verdict_state = 'decided' and judge_model <> '(unknown)' and workflow_key is not null
    group by platform, account, judge_model, period, workflow_key
),

beside_others as (
    select
        platform,
        account,
        judge_model,
        period,
        verdicts,
        passed_verdicts,
        sum(verdicts) over (partition by period, workflow_key) - verdicts as other_verdicts,
        sum(passed_verdicts) over (partition by period, workflow_key) - passed_verdicts
            as other_passed_verdicts
    from verdicts_per_workflow
),

drift as (
    select
        platform,
        account,
        judge_model,
        period,
        count(*) as shared_workflows,
        sum(verdicts) as shared_verdicts,
        sum(passed_verdicts) as shared_passed_verdicts,
        sum(other_verdicts) as other_verdicts,
        sum(other_passed_verdicts) as other_passed_verdicts,
        {{ stratified_difference(
            'passed_verdicts', 'verdicts', 'other_passed_verdicts', 'other_verdicts'
        ) }} as drift,
        -- No spread at all is not certainty.
        nullif(
            {{ stratified_stderr(
                'passed_verdicts', 'verdicts', 'other_passed_verdicts', 'other_verdicts'
            ) }},
            0
        ) as drift_stderr
    from beside_others
    where other_verdicts > 0
    group by platform, account, judge_model, period
),

final as (
    select
        {{ joined_key([
            'figures.platform', 'figures.account', 'figures.judge_model', 'figures.period',
        ]) }} as judge_health_key,
        figures.platform,
        figures.account,
        figures.judge_model,
        figures.period,
        figures.ended_runs,
        figures.verdicts,
        figures.status_only_runs,
        figures.awaited_verdicts,
        figures.missing_verdicts,
        figures.undecided_verdicts,
        {{ safe_divide('figures.undecided_verdicts', 'figures.verdicts') }} as undecided_rate,
        figures.timed_verdicts,
        figures.late_verdicts,
        {{ safe_divide('figures.late_verdicts', 'figures.timed_verdicts') }} as late_rate,
        figures.p50_delay_ms,
        figures.p95_delay_ms,
        figures.compared_verdicts,
        figures.agreeing_verdicts,
        {{ safe_divide('figures.agreeing_verdicts', 'figures.compared_verdicts') }} as agreement_rate,
        {{ wilson_low('figures.agreeing_verdicts', 'figures.compared_verdicts') }} as agreement_rate_low,
        {{ wilson_high('figures.agreeing_verdicts', 'figures.compared_verdicts') }} as agreement_rate_high,
        figures.passed_against_criteria,
        figures.failed_against_criteria,
        figures.decided_verdicts,
        figures.passed_verdicts,
        {{ safe_divide('figures.passed_verdicts', 'figures.decided_verdicts') }} as pass_rate,
        {{ wilson_low('figures.passed_verdicts', 'figures.decided_verdicts') }} as pass_rate_low,
        {{ wilson_high('figures.passed_verdicts', 'figures.decided_verdicts') }} as pass_rate_high,
        figures.decided_verdicts < {{ var('min_sample') }} as is_small_sample,
        coalesce(drift.shared_workflows, 0) as shared_workflows,
        cast(coalesce(drift.shared_verdicts, 0) as {{ sql_type('bigint') }}) as shared_verdicts,
        cast(coalesce(drift.shared_passed_verdicts, 0) as {{ sql_type('bigint') }}) as shared_passed_verdicts,
        cast(coalesce(drift.other_verdicts, 0) as {{ sql_type('bigint') }}) as other_verdicts,
        cast(coalesce(drift.other_passed_verdicts, 0) as {{ sql_type('bigint') }}) as other_passed_verdicts,
        drift.drift,
        case
            when drift.drift - 1.959963984540054 * drift.drift_stderr < -1 then -1
            else drift.drift - 1.959963984540054 * drift.drift_stderr
        end as drift_low,
        case
            when drift.drift + 1.959963984540054 * drift.drift_stderr > 1 then 1
            else drift.drift + 1.959963984540054 * drift.drift_stderr
        end as drift_high
    from figures
    left join drift
        on
            figures.platform = drift.platform
            and figures.account = drift.account
            and figures.judge_model = drift.judge_model
            and figures.period = drift.period
)

select * from final

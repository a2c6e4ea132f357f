-- One row per workflow, workflow version and model with runs: how often it passes, at what cost, how fast.
with runs as (
    select * from {{ counted(ref('fct_runs')) }} as counted_runs
),

workflows as (
    select * from {{ ref('dim_workflows') }}
),

figures as (
    select
        platform,
        account,
        workflow_key,
        workflow_id,
        workflow_version_id,
        model_key,
        model,
        {{ outcome_counts() }},
        count(cost) as runs_with_cost,
        {{ single_unit_sum('cost', 'cost_unit') }} as total_cost,
        {{ single_unit_sum('case when is_scored then cost end', 'cost_unit') }} as scored_cost,
        {{ single_unit('cost_unit') }} as cost_unit,
        {{ percentile('duration_ms', 0.5) }} as p50_duration_ms,
        {{ percentile('duration_ms', 0.95) }} as p95_duration_ms,
        min(run_at) as first_run_at,
        max(run_at) as last_run_at,
        max(case when is_passed then run_at end) as last_passed_at
    from runs
    group by platform, account, workflow_key, workflow_id, workflow_version_id, model_key, model
),

final as (
    select
        {{ joined_key([
            'figures.platform', 'figures.account', "coalesce(figures.workflow_id, '(unknown)')",
            "coalesce(figures.workflow_version_id, '(unknown)')", 'figures.model',
        ]) }} as workflow_scorecard_key,
        figures.platform,
        figures.account,
        figures.workflow_key,
        figures.workflow_id,
        workflows.workflow_name,
        figures.workflow_version_id,
        figures.workflow_version_id = workflows.current_version_id as is_current_version,
        figures.model_key,
        figures.model,
        figures.runs,
        figures.scored_runs,
        figures.passed_runs,
        {{ safe_divide('figures.passed_runs', 'figures.scored_runs') }} as pass_rate,
        {{ wilson_low('figures.passed_runs', 'figures.scored_runs') }} as pass_rate_low,
        {{ wilson_high('figures.passed_runs', 'figures.scored_runs') }} as pass_rate_high,
        figures.scored_runs < {{ var('min_sample') }} as is_small_sample,
        figures.partial_runs,
        figures.failed_runs,
        figures.errored_runs,
        figures.unscored_runs,
        figures.cancelled_runs,
        figures.running_runs,
        figures.unknown_runs,
        figures.runs_with_cost,
        figures.total_cost,
        figures.scored_cost,
        figures.cost_unit,
        {{ safe_divide('figures.total_cost', 'figures.runs_with_cost') }} as mean_cost,
        {{ safe_divide('figures.scored_cost', 'figures.passed_runs') }} as cost_per_pass,
        figures.p50_duration_ms,
        figures.p95_duration_ms,
        figures.first_run_at,
        figures.last_run_at,
        figures.last_passed_at
    from figures
    left join workflows on figures.workflow_key = workflows.workflow_key
)

select * from final

-- One row per platform, account, model and period: how often it passes, how reliably, at what cost, how fast.
{%- set sizes = var('repeat_sizes') %}
{%- set money = sql_type('decimal(38, 9)') %}

with runs as (
    select * from {{ counted(ref('fct_runs')) }} as counted_runs
),

models as (
    select * from {{ counted(ref('dim_models')) }} as counted_models
),

platforms as (
    select * from {{ ref('int_platforms') }}
),

-- A period ends with the platform's last sync, not now: a warehouse loaded yesterday has a full last day.
periods as (
    {% for period, days in var('periods').items() %}
        select
            platform,
            account,
            '{{ period }}' as period,
            last_synced_at as period_ends_at,
            {{ days_before('last_synced_at', days or 0) }} as starts_at,
            {{ 'true' if days is none else 'false' }} as is_unbounded
        from platforms
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Every model in every period: a period without runs is a row of zeros.
runs_of_period as (
    select
        models.model_key,
        periods.period,
        periods.period_ends_at,
        runs.run_key,
        runs.workflow_key,
        runs.outcome,
        runs.is_scored,
        runs.is_passed,
        runs.cost,
        runs.duration_ms
    from models
    inner join periods
        on
            models.platform = periods.platform
            and models.account = periods.account
    left join runs
        on
            models.model_key = runs.model_key
            and (periods.is_unbounded or periods.starts_at <= runs.run_at)
),

figures as (
    select
        model_key,
        period,
        period_ends_at,
        {{ outcome_counts() }},
        count(distinct workflow_key) as workflows,
        count(cost) as runs_with_cost,
        cast(sum(cost) as {{ sql_type('decimal(38, 9)') }}) as total_cost,
        cast(sum(case when is_scored then cost end) as {{ sql_type('decimal(38, 9)') }}) as scored_cost,
        {{ percentile('duration_ms', 0.5) }} as p50_duration_ms,
        {{ percentile('duration_ms', 0.95) }} as p95_duration_ms
    from runs_of_period
    group by model_key, period, period_ends_at
),

-- Runs without a workflow are one more cluster, as if they were of one: that they differ is not known.
workflow_passes as (
    select
        model_key,
        period,
        workflow_key,
        count(*) as scored_runs,
        count(case when is_passed then 1 end) as passed_runs
    from runs_of_period
    where is_scored
    group by model_key, period, workflow_key
),

workflow_repeats as (
    select
        {% for k in sizes %}
            case
                when workflow_key is not null then {{ pass_at_k('scored_runs', 'passed_runs', k) }}
            end as pass_at_{{ k }},
            case
                when workflow_key is not null then {{ pass_hat_k('scored_runs', 'passed_runs', k) }}
            end as pass_hat_{{ k }},
        {% endfor %}
        model_key,
        period,
        scored_runs,
        passed_runs,
        sum(scored_runs) over (partition by model_key, period) as model_scored_runs,
        sum(passed_runs) over (partition by model_key, period) as model_passed_runs
    from workflow_passes
),

-- The mean of the workflows that have it, each counted once.
repeats as (
    select
        {% for k in sizes %}
            count(pass_at_{{ k }}) as workflows_with_{{ k }},
            avg(pass_at_{{ k }}) as pass_at_{{ k }},
            avg(pass_hat_{{ k }}) as pass_hat_{{ k }},
        {% endfor %}
        model_key,
        period,
        {{ clustered_stderr('passed_runs', 'scored_runs', 'model_passed_runs', 'model_scored_runs') }}
            as pass_rate_stderr
    from workflow_repeats
    group by model_key, period
),

final as (
    select
        {{ joined_key(['models.platform', 'models.account', 'models.model', 'figures.period']) }}
            as scorecard_key,
        models.platform,
        models.account,
        figures.model_key,
        models.model,
        figures.period,
        figures.period_ends_at,
        figures.runs,
        figures.scored_runs,
        figures.passed_runs,
        {{ safe_divide('figures.passed_runs', 'figures.scored_runs') }} as pass_rate,
        {{ wilson_low('figures.passed_runs', 'figures.scored_runs') }} as pass_rate_low,
        {{ wilson_high('figures.passed_runs', 'figures.scored_runs') }} as pass_rate_high,
        {{ clustered_wilson_low('figures.passed_runs', 'figures.scored_runs', 'repeats.pass_rate_stderr') }}
            as pass_rate_clustered_low,
        {{ clustered_wilson_high('figures.passed_runs', 'figures.scored_runs', 'repeats.pass_rate_stderr') }}
            as pass_rate_clustered_high,
        figures.scored_runs < {{ var('min_sample') }} as is_small_sample,
        figures.partial_runs,
        figures.failed_runs,
        figures.errored_runs,
        figures.unscored_runs,
        figures.cancelled_runs,
        figures.running_runs,
        figures.unknown_runs,
        figures.workflows,
        {% for k in sizes %}
            coalesce(repeats.workflows_with_{{ k }}, 0) as workflows_with_{{ k }},
        {% endfor %}
        {% for k in sizes %}
            repeats.pass_at_{{ k }},
        {% endfor %}
        {% for k in sizes %}
            repeats.pass_hat_{{ k }},
        {% endfor %}
        figures.runs_with_cost,
        cast(
            case when models.cost_unit is not null then figures.total_cost end as {{ money }}
        ) as total_cost,
        cast(
            case when models.cost_unit is not null then figures.scored_cost end as {{ money }}
        ) as scored_cost,
        models.cost_unit,
        {{ safe_divide('figures.total_cost', 'figures.runs_with_cost') }} as mean_cost,
        {{ safe_divide('figures.scored_cost', 'figures.passed_runs') }} as cost_per_pass,
        {{ safe_divide('figures.runs_with_cost', 'figures.runs') }} as cost_coverage,
        figures.p50_duration_ms,
        figures.p95_duration_ms
    from figures
    inner join models on figures.model_key = models.model_key
    left join repeats
        on
            figures.model_key = repeats.model_key
            and figures.period = repeats.period
)

select * from final

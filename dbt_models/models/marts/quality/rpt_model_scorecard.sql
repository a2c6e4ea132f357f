-- One row per platform, account, model and period: how often it passes, how reliably, at what cost, how fast.
{%- set sizes = var('repeat_sizes') %}

with runs as (
    select * from {{ ref('fct_runs') }}
),

models as (
    select * from {{ ref('dim_models') }}
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
            {{ days_before('last_synced_at', days or 0) }} as starts_at,
            {{ 'true' if days is none else 'false' }} as is_unbounded
        from platforms
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Every model in every period: a period without runs is a row of zeros.
runs_of_period as (
    select
        models.platform,
        models.account,
        models.model,
        periods.period,
        runs.run_key,
        runs.workflow_key,
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
        platform,
        account,
        model,
        period,
        count(run_key) as runs,
        count(case when is_scored then 1 end) as scored_runs,
        count(case when is_passed then 1 end) as passed_runs,
        count(distinct workflow_key) as workflows,
        count(cost) as runs_with_cost,
        cast(sum(cost) as decimal(38, 9)) as total_cost,
        cast(sum(case when is_scored then cost end) as decimal(38, 9)) as scored_cost,
        {{ percentile('duration_ms', 0.5) }} as p50_duration_ms,
        {{ percentile('duration_ms', 0.95) }} as p95_duration_ms
    from runs_of_period
    group by platform, account, model, period
),

workflow_passes as (
    select
        platform,
        account,
        model,
        period,
        workflow_key,
        count(*) as scored_runs,
        count(case when is_passed then 1 end) as passed_runs
    from runs_of_period
    where is_scored and workflow_key is not null
    group by platform, account, model, period, workflow_key
),

workflow_repeats as (
    select
        {% for k in sizes %}
            {{ pass_at_k('scored_runs', 'passed_runs', k) }} as pass_at_{{ k }},
            {{ pass_hat_k('scored_runs', 'passed_runs', k) }} as pass_hat_{{ k }},
        {% endfor %}
        platform,
        account,
        model,
        period
    from workflow_passes
),

-- The mean of the workflows that have it, each counted once.
repeats as (
    select
        {% for k in sizes %}
            avg(pass_at_{{ k }}) as pass_at_{{ k }},
            avg(pass_hat_{{ k }}) as pass_hat_{{ k }},
        {% endfor %}
        platform,
        account,
        model,
        period
    from workflow_repeats
    group by platform, account, model, period
),

final as (
    select
        figures.platform,
        figures.account,
        figures.model,
        figures.period,
        figures.runs,
        figures.scored_runs,
        figures.passed_runs,
        {{ safe_divide('figures.passed_runs', 'figures.scored_runs') }} as pass_rate,
        {{ wilson_low('figures.passed_runs', 'figures.scored_runs') }} as pass_rate_low,
        {{ wilson_high('figures.passed_runs', 'figures.scored_runs') }} as pass_rate_high,
        figures.workflows,
        {% for k in sizes %}
            repeats.pass_at_{{ k }},
        {% endfor %}
        {% for k in sizes %}
            repeats.pass_hat_{{ k }},
        {% endfor %}
        figures.total_cost,
        models.cost_unit,
        {{ safe_divide('figures.total_cost', 'figures.runs_with_cost') }} as mean_cost,
        {{ safe_divide('figures.scored_cost', 'figures.passed_runs') }} as cost_per_pass,
        {{ safe_divide('figures.runs_with_cost', 'figures.runs') }} as cost_coverage,
        figures.p50_duration_ms,
        figures.p95_duration_ms,
        {{ joined_key(['figures.platform', 'figures.account', 'figures.model', 'figures.period']) }} as scorecard_key
    from figures
    left join repeats
        on
            figures.platform = repeats.platform
            and figures.account = repeats.account
            and figures.model = repeats.model
            and figures.period = repeats.period
    inner join models
        on
            figures.platform = models.platform
            and figures.account = models.account
            and figures.model = models.model
)

select * from final

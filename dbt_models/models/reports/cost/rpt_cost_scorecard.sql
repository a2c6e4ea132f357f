-- One row per platform, account, period, cost unit and model, workflow or all: what runs and passes cost.
{%- set money = sql_type('decimal(38, 9)') %}
{%- set no_text = 'cast(null as ' ~ sql_type('text') ~ ')' %}
{%- set breakdowns = {
    'all_runs': {'workflow_key': no_text, 'model_key': no_text},
    'model': {'workflow_key': no_text, 'model_key': 'model_key'},
    'workflow': {'workflow_key': 'workflow_key', 'model_key': no_text},
} %}

with runs as (
    select
        platform,
        account,
        workflow_key,
        model_key,
        run_at,
        outcome in ('failed', 'errored', 'cancelled') as is_wasted,
        is_scored,
        is_passed,
        cost,
        cost_unit,
        total_tokens
    from {{ counted(ref('fct_runs')) }} as counted_runs
),

workflows as (
    select
        workflow_key,
        workflow_id,
        workflow_name
    from {{ ref('dim_workflows') }}
),

models as (
    select
        model_key,
        model
    from {{ ref('dim_models') }}
),

platforms as (
    select * from {{ ref('int_platforms') }}
),

-- A period ends with the platform's last sync, not now.
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

counts as (
    select
        periods.period,
        runs.platform,
        runs.account,
        runs.workflow_key,
        runs.model_key,
        runs.cost_unit,
        count(*) as runs,
        count(case when runs.is_scored then 1 end) as scored_runs,
        count(case when runs.is_passed then 1 end) as passed_runs,
        count(runs.cost) as runs_with_cost,
        sum(runs.cost) as total_cost,
        sum(case when runs.is_scored then runs.cost end) as scored_cost,
        count(case when runs.is_wasted then 1 end) as wasted_runs,
        sum(case when runs.is_wasted then runs.cost end) as wasted_cost,
        count(runs.total_tokens) as runs_with_tokens,
        sum(runs.total_tokens) as total_tokens,
        sum(case when runs.is_scored then runs.total_tokens end) as scored_tokens
    from runs
    inner join periods
        on
            runs.platform = periods.platform
            and runs.account = periods.account
            and (periods.is_unbounded or runs.run_at >= periods.starts_at)
    group by
        periods.period, runs.platform, runs.account, runs.workflow_key, runs.model_key, runs.cost_unit
),

broken_down as (
    {% for breakdown, keys in breakdowns.items() %}
        select
            '{{ breakdown }}' as breakdown,
            platform,
            account,
            period,
            {{ keys.workflow_key }} as workflow_key,
            {{ keys.model_key }} as model_key,
            cost_unit,
            runs,
            scored_runs,
            passed_runs,
            runs_with_cost,
            total_cost,
            scored_cost,
            wasted_runs,
            wasted_cost,
            runs_with_tokens,
            total_tokens,
            scored_tokens
        from counts
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

summed as (
    select
        breakdown,
        platform,
        account,
        period,
        workflow_key,
        model_key,
        cost_unit,
        cast(sum(runs) as {{ sql_type('bigint') }}) as runs,
        cast(sum(scored_runs) as {{ sql_type('bigint') }}) as scored_runs,
        cast(sum(passed_runs) as {{ sql_type('bigint') }}) as passed_runs,
        cast(sum(runs_with_cost) as {{ sql_type('bigint') }}) as runs_with_cost,
        cast(sum(total_cost) as {{ money }}) as total_cost,
        cast(sum(scored_cost) as {{ money }}) as scored_cost,
        cast(sum(wasted_runs) as {{ sql_type('bigint') }}) as wasted_runs,
        cast(case when sum(wasted_runs) = 0 then 0 else sum(wasted_cost) end as {{ money }}) as wasted_cost,
        cast(sum(runs_with_tokens) as {{ sql_type('bigint') }}) as runs_with_tokens,
        cast(sum(total_tokens) as {{ sql_type('bigint') }}) as total_tokens,
        cast(sum(scored_tokens) as {{ sql_type('bigint') }}) as scored_tokens
    from broken_down
    group by breakdown, platform, account, period, workflow_key, model_key, cost_unit
),

shares as (
    select
        *,
        sum(total_cost) over (partition by platform, account, period, breakdown, cost_unit) as account_cost
    from summed
),

final as (
    select
        {{ joined_key([
            'shares.platform', 'shares.account', 'shares.period', 'shares.breakdown', 'shares.cost_unit',
            "coalesce(models.model, workflows.workflow_id, '')",
        ]) }} as cost_scorecard_key,
        shares.platform,
        shares.account,
        shares.period,
        shares.breakdown,
        shares.workflow_key,
        workflows.workflow_id,
        workflows.workflow_name,
        shares.model_key,
        models.model,
        shares.cost_unit,
        shares.runs,
        shares.scored_runs,
        shares.passed_runs,
        {{ safe_divide('shares.passed_runs', 'shares.scored_runs') }} as pass_rate,
        {{ wilson_low('shares.passed_runs', 'shares.scored_runs') }} as pass_rate_low,
        {{ wilson_high('shares.passed_runs', 'shares.scored_runs') }} as pass_rate_high,
        shares.scored_runs < {{ var('min_sample') }} as is_small_sample,
        shares.runs_with_cost,
        {{ safe_divide('shares.runs_with_cost', 'shares.runs') }} as cost_coverage,
        shares.total_cost,
        {{ safe_divide('shares.total_cost', 'shares.account_cost') }} as cost_share,
        {{ safe_divide('shares.total_cost', 'shares.runs_with_cost') }} as mean_cost,
        shares.scored_cost,
        {{ safe_divide('shares.scored_cost', 'shares.passed_runs') }} as cost_per_pass,
        shares.wasted_runs,
        shares.wasted_cost,
        {{ safe_divide('shares.wasted_cost', 'shares.total_cost') }} as wasted_share,
        shares.runs_with_tokens,
        shares.total_tokens,
        {{ safe_divide('shares.total_tokens', 'shares.runs_with_tokens') }} as tokens_per_run,
        shares.scored_tokens,
        {{ safe_divide('shares.scored_tokens', 'shares.passed_runs') }} as tokens_per_pass
    from shares
    left join workflows on shares.workflow_key = workflows.workflow_key
    left join models on shares.model_key = models.model_key
)

select * from final

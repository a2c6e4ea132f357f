-- One row per platform, account, period and ordered pair of models that share workflows: who passes more?
{%- set family = ['platform', 'account', 'period'] %}
{%- set quantile = 1.959963984540054 %}

with runs as (
    select
        platform,
        account,
        workflow_key,
        model_key,
        model,
        run_at,
        is_passed
    from {{ counted(ref('fct_runs')) }} as counted_runs
    where is_scored and workflow_key is not null and model <> '(unknown)'
),

platforms as (
    select * from {{ ref('int_platforms') }}
),

-- A period ends with the platform's last sync, not now.
periods as (
    {% for period in var('comparison_periods') %}
        {%- set days = var('periods')[period] %}
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

cells as (
    select
        periods.period,
        runs.platform,
        runs.account,
        runs.workflow_key,
        runs.model_key,
        runs.model,
        count(*) as scored_runs,
        count(case when runs.is_passed then 1 end) as passed_runs,
        {{ safe_divide('count(case when runs.is_passed then 1 end)', 'count(*)') }} as pass_rate,
        {{ rate_variance('count(case when runs.is_passed then 1 end)', 'count(*)') }} as variance
    from runs
    inner join periods
        on
            runs.platform = periods.platform
            and runs.account = periods.account
            and (periods.is_unbounded or runs.run_at >= periods.starts_at)
    group by
        periods.period, runs.platform, runs.account, runs.workflow_key, runs.model_key, runs.model
),

-- Pairs grow with the square of the models: beyond a limit, those with the most scored runs are compared.
busiest as (
    select
        platform,
        account,
        period,
        model_key,
        row_number() over (
            partition by platform, account, period order by sum(scored_runs) desc, model_key asc
        ) as place
    from cells
    group by platform, account, period, model_key
),

contenders as (
    select cells.*
    from cells
    inner join busiest
        on
            cells.period = busiest.period
            and cells.model_key = busiest.model_key
    where busiest.place <= {{ var('comparison_models') }}
),

shared as (
    select
        a.period,
        a.platform,
        a.account,
        a.model_key as model_key_a,
        b.model_key as model_key_b,
        a.model as model_a,
        b.model as model_b,
        a.scored_runs as scored_runs_a,
        a.passed_runs as passed_runs_a,
        b.scored_runs as scored_runs_b,
        b.passed_runs as passed_runs_b,
        a.pass_rate - b.pass_rate as difference,
        a.variance + b.variance as variance
    from contenders as a
    inner join contenders as b
        on
            a.period = b.period
            and a.workflow_key = b.workflow_key
            and a.model_key <> b.model_key
),

paired as (
    select
        period,
        platform,
        account,
        model_key_a,
        model_key_b,
        model_a,
        model_b,
        count(*) as shared_workflows,
        count(case when difference > 0 then 1 end) as workflows_won,
        count(case when difference < 0 then 1 end) as workflows_lost,
        count(case when difference = 0 then 1 end) as workflows_tied,
        cast(sum(scored_runs_a) as {{ sql_type('bigint') }}) as scored_runs_a,
        cast(sum(passed_runs_a) as {{ sql_type('bigint') }}) as passed_runs_a,
        cast(sum(scored_runs_b) as {{ sql_type('bigint') }}) as scored_runs_b,
        cast(sum(passed_runs_b) as {{ sql_type('bigint') }}) as passed_runs_b,
        {{ mean_difference('difference') }} as difference,
        {{ paired_error('difference', 'variance') }} as standard_error,
        max(abs(difference)) as largest_difference
    from shared
    group by period, platform, account, model_key_a, model_key_b, model_a, model_b
),

rates as (
    select
        *,
        case
            when shared_workflows > 1 and (standard_error > 0 or largest_difference = 0) then 'paired'
            else 'two_proportion'
        end as test,
        coalesce(standard_error, 0) as paired_error,
        {% for side in ('a', 'b') %}
            {{ safe_divide('passed_runs_' ~ side, 'scored_runs_' ~ side) }} as pass_rate_{{ side }},
            {{ wilson_low('passed_runs_' ~ side, 'scored_runs_' ~ side) }} as pass_rate_{{ side }}_low,
            {{ wilson_high('passed_runs_' ~ side, 'scored_runs_' ~ side) }} as pass_rate_{{ side }}_high,
        {% endfor %}
        {{ two_proportion_error('passed_runs_a', 'scored_runs_a', 'passed_runs_b', 'scored_runs_b') }}
            as two_proportion_error,
        {{ two_proportion_z('passed_runs_a', 'scored_runs_a', 'passed_runs_b', 'scored_runs_b') }}
            as two_proportion_z
    from paired
),

measured as (
    select
        *,
        case test
            when 'paired' then difference
            else pass_rate_a - pass_rate_b
        end as tested_difference,
        case test
            when 'paired' then paired_error
            else two_proportion_error
        end as tested_error,
        case test
            when 'paired' then coalesce(difference / nullif(paired_error, 0), 0)
            else two_proportion_z
        end as z,
        case test
            when 'paired' then greatest(difference - {{ quantile }} * paired_error, -1)
            else {{ newcombe_low('pass_rate_a', 'pass_rate_a_low', 'pass_rate_b', 'pass_rate_b_high') }}
        end as difference_low,
        case test
            when 'paired' then least(difference + {{ quantile }} * paired_error, 1)
            else {{ newcombe_high('pass_rate_a', 'pass_rate_a_high', 'pass_rate_b', 'pass_rate_b_low') }}
        end as difference_high
    from rates
),

with_p_values as (
    select
        *,
        {{ normal_tail('z') }} as p_value
    from measured
),

ranked as (
    select
        *,
        row_number() over (partition by {{ family | join(', ') }} order by p_value) as p_rank,
        count(*) over (partition by {{ family | join(', ') }}) as tests
    from with_p_values
),

adjusted as (
    select
        *,
        {{ adjusted_p_value('p_value', 'p_rank', 'tests', family) }} as p_value_adjusted
    from ranked
),

final as (
    select
        {{ joined_key([
            'platform', 'account', 'period',
            "replace(replace(model_a, '%', '%25'), '/', '%2F')",
            "replace(replace(model_b, '%', '%25'), '/', '%2F')",
        ]) }} as comparison_key,
        platform,
        account,
        period,
        model_key_a,
        model_key_b,
        model_a,
        model_b,
        shared_workflows,
        workflows_won,
        workflows_lost,
        workflows_tied,
        scored_runs_a,
        passed_runs_a,
        pass_rate_a,
        pass_rate_a_low,
        pass_rate_a_high,
        scored_runs_b,
        passed_runs_b,
        pass_rate_b,
        pass_rate_b_low,
        pass_rate_b_high,
        test,
        tested_difference as difference,
        difference_low,
        difference_high,
        tested_error as standard_error,
        z,
        p_value,
        -- Each pair stands here twice, once from each side, and is one test.
        cast(tests / 2 as {{ sql_type('bigint') }}) as tests,
        p_value_adjusted,
        tested_difference > 0 and p_value_adjusted <= {{ var('significance_level') }} as is_better,
        tested_difference < 0 and p_value_adjusted <= {{ var('significance_level') }} as is_worse,
        shared_workflows < {{ var('min_sample') }}
        or scored_runs_a < {{ var('min_sample') }}
        or scored_runs_b < {{ var('min_sample') }} as is_small_sample
    from adjusted
)

select * from final

-- One row per platform, account, scope and version or week that has one before it: did the pass rate change?
{%- set family = ['platform', 'account', 'scope', 'comparison', 'test is null'] %}
{%- set quantile = 1.959963984540054 %}

with runs as (
    select
        platform,
        account,
        workflow_key,
        workflow_version_id,
        case when model <> '(unknown)' then model_key end as model_key,
        {{ first_day_of_week('run_date') }} as week_start_date,
        run_at,
        is_scored,
        is_passed
    from {{ counted(ref('fct_runs')) }} as counted_runs
),

workflows as (
    select
        workflow_key,
        workflow_id,
        workflow_name
    from {{ ref('dim_workflows') }}
),

platforms as (
    select
        platform,
        account,
        {{ first_day_of_week(utc_date('last_synced_at')) }} as current_week_start_date
    from {{ ref('int_platforms') }}
),

counts as (
    select
        platform,
        account,
        workflow_key,
        workflow_version_id,
        model_key,
        week_start_date,
        min(run_at) as first_run_at,
        count(*) as runs,
        count(case when is_scored then 1 end) as scored_runs,
        count(case when is_passed then 1 end) as passed_runs
    from runs
    group by platform, account, workflow_key, workflow_version_id, model_key, week_start_date
),

-- A subject's sides are what is compared; what both sides have makes a pair.
sided as (
    select
        {{ joined_key(["'workflow'", "'version'", 'workflow_key']) }} as subject_key,
        'workflow' as scope,
        'version' as comparison,
        platform,
        account,
        workflow_key,
        workflow_version_id as side,
        workflow_version_id,
        cast(null as {{ sql_type('date') }}) as week_start_date,
        model_key as pair_key,
        first_run_at,
        runs,
        scored_runs,
        passed_runs
    from counts
    where workflow_key is not null and workflow_version_id is not null
    union all
    select
        {{ joined_key(["'workflow'", "'week'", 'workflow_key']) }} as subject_key,
        'workflow' as scope,
        'week' as comparison,
        platform,
        account,
        workflow_key,
        cast(week_start_date as {{ sql_type('text') }}) as side,
        cast(null as {{ sql_type('text') }}) as workflow_version_id,
        week_start_date,
        model_key as pair_key,
        first_run_at,
        runs,
        scored_runs,
        passed_runs
    from counts
    where workflow_key is not null and week_start_date is not null
    union all
    select
        {{ joined_key(["'all_workflows'", "'week'", 'platform', 'account']) }} as subject_key,
        'all_workflows' as scope,
        'week' as comparison,
        platform,
        account,
        cast(null as {{ sql_type('text') }}) as workflow_key,
        cast(week_start_date as {{ sql_type('text') }}) as side,
        cast(null as {{ sql_type('text') }}) as workflow_version_id,
        week_start_date,
        {{ joined_key(['model_key', 'workflow_key']) }} as pair_key,
        first_run_at,
        runs,
        scored_runs,
        passed_runs
    from counts
    where week_start_date is not null
),

sides as (
    select
        subject_key,
        scope,
        comparison,
        platform,
        account,
        workflow_key,
        side,
        workflow_version_id,
        week_start_date,
        min(first_run_at) as first_run_at,
        cast(sum(runs) as {{ sql_type('bigint') }}) as runs,
        cast(sum(scored_runs) as {{ sql_type('bigint') }}) as scored_runs,
        cast(sum(passed_runs) as {{ sql_type('bigint') }}) as passed_runs
    from sided
    group by
        subject_key, scope, comparison, platform, account, workflow_key, side, workflow_version_id,
        week_start_date
),

-- A version none of whose runs has a time has no place in the order.
ordered as (
    select
        *,
        row_number() over (partition by subject_key order by first_run_at, side) as place,
        count(*) over (partition by subject_key) as places
    from sides
    where first_run_at is not null
),

compared as (
    select
        later.subject_key,
        later.scope,
        later.comparison,
        later.platform,
        later.account,
        later.workflow_key,
        later.place = later.places as is_latest,
        earlier.side as before_side,
        earlier.workflow_version_id as before_version_id,
        earlier.week_start_date as before_week_start_date,
        earlier.first_run_at as before_first_run_at,
        earlier.runs as before_runs,
        earlier.scored_runs as before_scored_runs,
        earlier.passed_runs as before_passed_runs,
        later.side as after_side,
        later.workflow_version_id as after_version_id,
        later.week_start_date as after_week_start_date,
        later.first_run_at as after_first_run_at,
        later.runs as after_runs,
        later.scored_runs as after_scored_runs,
        later.passed_runs as after_passed_runs
    from ordered as later
    inner join ordered as earlier
        on
            later.subject_key = earlier.subject_key
            and later.place = earlier.place + 1
),

cells as (
    select
        subject_key,
        side,
        pair_key,
        sum(scored_runs) as scored_runs,
        sum(passed_runs) as passed_runs
    from sided
    where pair_key is not null
    group by subject_key, side, pair_key
    having sum(scored_runs) > 0
),

pairs as (
    select
        compared.subject_key,
        compared.after_side,
        before_cells.scored_runs as before_runs,
        before_cells.passed_runs as before_passes,
        after_cells.scored_runs as after_runs,
        after_cells.passed_runs as after_passes,
        {{ safe_divide('after_cells.passed_runs', 'after_cells.scored_runs') }}
        - {{ safe_divide('before_cells.passed_runs', 'before_cells.scored_runs') }} as difference,
        {{ rate_variance('before_cells.passed_runs', 'before_cells.scored_runs') }}
        + {{ rate_variance('after_cells.passed_runs', 'after_cells.scored_runs') }} as variance
    from compared
    inner join cells as before_cells
        on
            compared.subject_key = before_cells.subject_key
            and compared.before_side = before_cells.side
    inner join cells as after_cells
        on
            compared.subject_key = after_cells.subject_key
            and compared.after_side = after_cells.side
            and before_cells.pair_key = after_cells.pair_key
),

paired as (
    select
        subject_key,
        after_side,
        count(*) as pairs,
        cast(sum(before_runs) as {{ sql_type('bigint') }}) as before_runs,
        cast(sum(before_passes) as {{ sql_type('bigint') }}) as before_passes,
        cast(sum(after_runs) as {{ sql_type('bigint') }}) as after_runs,
        cast(sum(after_passes) as {{ sql_type('bigint') }}) as after_passes,
        {{ mean_difference('difference') }} as difference,
        {{ paired_error('difference', 'variance') }} as standard_error,
        max(abs(difference)) as largest_difference
    from pairs
    group by subject_key, after_side
),

-- What both sides share is tested; where they share nothing, all there is.
tested as (
    select
        compared.*,
        case
            when compared.before_scored_runs = 0 or compared.after_scored_runs = 0 then null
            when paired.pairs > 1 and (paired.standard_error > 0 or paired.largest_difference = 0)
                then 'paired'
            else 'two_proportion'
        end as test,
        coalesce(paired.pairs, 0) as pairs,
        coalesce(paired.before_runs, compared.before_scored_runs) as before_tested_runs,
        coalesce(paired.before_passes, compared.before_passed_runs) as before_tested_passes,
        coalesce(paired.after_runs, compared.after_scored_runs) as after_tested_runs,
        coalesce(paired.after_passes, compared.after_passed_runs) as after_tested_passes,
        paired.difference as paired_difference,
        coalesce(paired.standard_error, 0) as paired_error
    from compared
    left join paired
        on
            compared.subject_key = paired.subject_key
            and compared.after_side = paired.after_side
),

rates as (
    select
        *,
        {% for when in ('before', 'after') %}
            {{ safe_divide(when ~ '_tested_passes', when ~ '_tested_runs') }} as {{ when }}_tested_rate,
            {{ wilson_low(when ~ '_tested_passes', when ~ '_tested_runs') }} as {{ when }}_tested_low,
            {{ wilson_high(when ~ '_tested_passes', when ~ '_tested_runs') }} as {{ when }}_tested_high,
        {% endfor %}
        {{ two_proportion_error(
            'before_tested_passes', 'before_tested_runs', 'after_tested_passes', 'after_tested_runs',
        ) }} as two_proportion_error,
        {{ two_proportion_z(
            'after_tested_passes', 'after_tested_runs', 'before_tested_passes', 'before_tested_runs',
        ) }} as two_proportion_z
    from tested
),

measured as (
    select
        *,
        case test
            when 'paired' then paired_difference
            when 'two_proportion' then after_tested_rate - before_tested_rate
        end as difference,
        case test
            when 'paired' then paired_error
            when 'two_proportion' then two_proportion_error
        end as standard_error,
        case test
            when 'paired' then coalesce(paired_difference / nullif(paired_error, 0), 0)
            when 'two_proportion' then two_proportion_z
        end as z,
        case test
            when 'paired' then greatest(paired_difference - {{ quantile }} * paired_error, -1)
            when 'two_proportion'
                then {{ newcombe_low(
                    'after_tested_rate', 'after_tested_low', 'before_tested_rate', 'before_tested_high',
                ) }}
        end as difference_low,
        case test
            when 'paired' then least(paired_difference + {{ quantile }} * paired_error, 1)
            when 'two_proportion'
                then {{ newcombe_high(
                    'after_tested_rate', 'after_tested_high', 'before_tested_rate', 'before_tested_low',
                ) }}
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
        count(p_value) over (partition by platform, account, scope, comparison) as tests
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
            'adjusted.platform', 'adjusted.account', 'adjusted.scope', 'adjusted.comparison',
            "coalesce(workflows.workflow_id, '')",
            "replace(replace(adjusted.after_side, '%', '%25'), '/', '%2F')",
        ]) }} as regression_key,
        adjusted.platform,
        adjusted.account,
        adjusted.scope,
        adjusted.comparison,
        adjusted.workflow_key,
        workflows.workflow_id,
        workflows.workflow_name,
        adjusted.before_version_id,
        adjusted.after_version_id,
        adjusted.before_week_start_date,
        adjusted.after_week_start_date,
        {{ days_earlier('adjusted.after_week_start_date', 7) }} = adjusted.before_week_start_date
            as is_consecutive,
        adjusted.after_week_start_date < platforms.current_week_start_date as is_complete_week,
        adjusted.is_latest,
        {% for when in ('before', 'after') %}
            adjusted.{{ when }}_first_run_at,
            adjusted.{{ when }}_runs,
            adjusted.{{ when }}_scored_runs,
            adjusted.{{ when }}_passed_runs,
            {{ safe_divide('adjusted.' ~ when ~ '_passed_runs', 'adjusted.' ~ when ~ '_scored_runs') }}
                as {{ when }}_pass_rate,
            {{ wilson_low('adjusted.' ~ when ~ '_passed_runs', 'adjusted.' ~ when ~ '_scored_runs') }}
                as {{ when }}_pass_rate_low,
            {{ wilson_high('adjusted.' ~ when ~ '_passed_runs', 'adjusted.' ~ when ~ '_scored_runs') }}
                as {{ when }}_pass_rate_high,
        {% endfor %}
        adjusted.test,
        adjusted.pairs,
        adjusted.before_tested_runs,
        adjusted.before_tested_passes,
        adjusted.after_tested_runs,
        adjusted.after_tested_passes,
        adjusted.difference,
        adjusted.difference_low,
        adjusted.difference_high,
        adjusted.standard_error,
        adjusted.z,
        adjusted.p_value,
        adjusted.tests,
        adjusted.p_value_adjusted,
        coalesce(adjusted.difference, 0) < 0
        and coalesce(adjusted.p_value_adjusted, 1) <= {{ var('significance_level') }} as is_regression,
        coalesce(adjusted.difference, 0) > 0
        and coalesce(adjusted.p_value_adjusted, 1) <= {{ var('significance_level') }} as is_improvement,
        adjusted.before_tested_runs < {{ var('min_sample') }}
        or adjusted.after_tested_runs < {{ var('min_sample') }} as is_small_sample
    from adjusted
    inner join platforms
        on
            adjusted.platform = platforms.platform
            and adjusted.account = platforms.account
    left join workflows on adjusted.workflow_key = workflows.workflow_key
)

select * from final

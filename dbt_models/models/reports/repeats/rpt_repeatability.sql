-- One row per workflow, workflow version and model with runs: does it do again what it did before?
{%- set sizes = var('repeat_sizes') %}
{%- set streak = var('status_streak', 5) %}

with runs as (
    select
        run_key,
        platform,
        account,
        workflow_key,
        workflow_id,
        workflow_version_id,
        model_key,
        model,
        is_scored,
        is_passed,
        run_at
    from {{ counted(ref('fct_runs')) }} as counted_runs
),

workflows as (
    select * from {{ ref('dim_workflows') }}
),

-- Runs that have a place in time; the key settles runs of the same moment.
ordered as (
    select
        workflow_key,
        workflow_version_id,
        model_key,
        is_passed,
        row_number() over (
            partition by workflow_key, workflow_version_id, model_key
            order by run_at, run_key
        ) as place,
        lag(is_passed) over (
            partition by workflow_key, workflow_version_id, model_key
            order by run_at, run_key
        ) as was_passed
    from runs
    where is_scored and run_at is not null
),

sequences as (
    select
        workflow_key,
        workflow_version_id,
        model_key,
        count(*) as timed_runs,
        count(case when place > 1 and is_passed <> was_passed then 1 end) as flips,
        count(*) - max(case when is_passed then 0 else place end) as straight_passes,
        count(*) - max(case when is_passed then place else 0 end) as straight_failures
    from ordered
    group by workflow_key, workflow_version_id, model_key
),

counts as (
    select
        platform,
        account,
        workflow_key,
        workflow_id,
        workflow_version_id,
        model_key,
        model,
        count(*) as runs,
        count(case when is_scored then 1 end) as scored_runs,
        count(case when is_passed then 1 end) as passed_runs,
        min(run_at) as first_run_at,
        max(run_at) as last_run_at
    from runs
    group by platform, account, workflow_key, workflow_id, workflow_version_id, model_key, model
),

figures as (
    select
        counts.platform,
        counts.account,
        counts.workflow_key,
        counts.workflow_id,
        counts.workflow_version_id,
        counts.model_key,
        counts.model,
        counts.runs,
        counts.scored_runs,
        counts.passed_runs,
        counts.first_run_at,
        counts.last_run_at,
        coalesce(sequences.flips, 0) as flips,
        case when sequences.timed_runs > 1 then sequences.timed_runs - 1 else 0 end as flip_chances,
        coalesce(sequences.straight_passes, 0) as straight_passes,
        coalesce(sequences.straight_failures, 0) as straight_failures
    from counts
    left join sequences
        on
            coalesce(counts.workflow_key, '') = coalesce(sequences.workflow_key, '')
            and coalesce(counts.workflow_version_id, '') = coalesce(sequences.workflow_version_id, '')
            and counts.model_key = sequences.model_key
),

final as (
    select
        {{ joined_key([
            'figures.platform', 'figures.account', "coalesce(figures.workflow_id, '(unknown)')",
            "coalesce(figures.workflow_version_id, '(unknown)')", 'figures.model',
        ]) }} as repeatability_key,
        figures.platform,
        figures.account,
        figures.workflow_key,
        figures.workflow_id,
        workflows.workflow_name,
        figures.workflow_version_id,
        figures.model_key,
        figures.model,
        figures.runs,
        figures.scored_runs,
        figures.passed_runs,
        {{ safe_divide('figures.passed_runs', 'figures.scored_runs') }} as pass_rate,
        {{ wilson_low('figures.passed_runs', 'figures.scored_runs') }} as pass_rate_low,
        {{ wilson_high('figures.passed_runs', 'figures.scored_runs') }} as pass_rate_high,
        figures.scored_runs < {{ var('min_sample') }} as is_small_sample,
        {% for k in sizes %}
            {{ pass_at_k('figures.scored_runs', 'figures.passed_runs', k) }} as pass_at_{{ k }},
        {% endfor %}
        {% for k in sizes %}
            {{ pass_hat_k('figures.scored_runs', 'figures.passed_runs', k) }} as pass_hat_{{ k }},
        {% endfor %}
        figures.flips,
        figures.flip_chances,
        {{ safe_divide('figures.flips', 'figures.flip_chances') }} as flip_rate,
        {{ flakiness('figures.passed_runs', 'figures.scored_runs') }} as flakiness,
        figures.straight_passes,
        figures.straight_failures,
        case
            when figures.scored_runs = 0 then 'unknown'
            when figures.passed_runs = 0 or figures.straight_failures >= {{ streak }} then 'broken'
            when figures.passed_runs = figures.scored_runs or figures.straight_passes >= {{ streak }}
                then 'healthy'
            else 'flaky'
        end as status,
        figures.first_run_at,
        figures.last_run_at
    from figures
    left join workflows on figures.workflow_key = workflows.workflow_key
)

select * from final

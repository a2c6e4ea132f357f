-- One row per workflow and criterion: how often it is met, and how often it is what a run fails by.
with results as (
    select * from {{ counted(ref('fct_criterion_results')) }} as counted_criterion_results
),

workflows as (
    select * from {{ ref('dim_workflows') }}
),

-- A criterion is told by its id; without one by its text, else by its position.
identified as (
    select
        run_key,
        platform,
        account,
        workflow_key,
        workflow_id,
        criterion_id,
        criterion_text,
        coalesce(criterion_id, criterion_text, cast(criterion_index as {{ sql_type('text') }})) as criterion,
        is_required,
        outcome,
        is_passed,
        run_at,
        coalesce(run_outcome in ('partial', 'failed'), false) as run_is_unpassed,
        coalesce(outcome in ('partial', 'failed'), false) as is_unpassed,
        coalesce(is_required, true) as may_gate
    from results
),

-- What may have kept a run from passing: criteria that were not met and are not known to be optional.
causes as (
    select
        run_key,
        count(*) as causes
    from identified
    where run_is_unpassed and is_unpassed and may_gate
    group by run_key
),

-- First by wording, so that the latest one can be told.
wordings as (
    select
        identified.platform,
        identified.account,
        identified.workflow_key,
        identified.workflow_id,
        identified.criterion,
        identified.criterion_id,
        identified.criterion_text,
        max(identified.run_at) as last_run_at,
        count(case when identified.is_required then 1 end) as required_results,
        count(*) as results,
        count(case when identified.outcome <> 'unscored' then 1 end) as scored_results,
        count(case when identified.is_passed then 1 end) as passed_results,
        count(case when identified.outcome = 'partial' then 1 end) as partial_results,
        count(case when identified.outcome = 'failed' then 1 end) as failed_results,
        count(case when identified.run_is_unpassed then 1 end) as unpassed_runs,
        count(case when identified.run_is_unpassed and identified.is_unpassed then 1 end) as blamed_runs,
        count(
            case
                when
                    identified.run_is_unpassed and identified.is_unpassed and identified.may_gate
                    and causes.causes = 1
                    then 1
            end
        ) as sole_cause_runs
    from identified
    left join causes on identified.run_key = causes.run_key
    group by
        identified.platform, identified.account, identified.workflow_key, identified.workflow_id,
        identified.criterion, identified.criterion_id, identified.criterion_text
),

recent_wordings as (
    select
        *,
        row_number() over (
            partition by platform, account, workflow_key, criterion
            order by case when last_run_at is null then 1 else 0 end asc, last_run_at desc, criterion_text asc
        ) as recency
    from wordings
),

figures as (
    select
        platform,
        account,
        workflow_key,
        workflow_id,
        criterion,
        max(case when recency = 1 then criterion_id end) as criterion_id,
        max(case when recency = 1 then criterion_text end) as criterion_text,
        count(distinct criterion_text) as wordings,
        sum(required_results) as required_results,
        sum(results) as results,
        sum(scored_results) as scored_results,
        sum(passed_results) as passed_results,
        sum(partial_results) as partial_results,
        sum(failed_results) as failed_results,
        sum(unpassed_runs) as unpassed_runs,
        sum(blamed_runs) as blamed_runs,
        sum(sole_cause_runs) as sole_cause_runs,
        max(last_run_at) as last_run_at
    from recent_wordings
    group by platform, account, workflow_key, workflow_id, criterion
),

final as (
    select
        {{ joined_key([
            'figures.platform', 'figures.account', "coalesce(figures.workflow_id, '(unknown)')",
            text_hash('figures.criterion'),
        ]) }} as criterion_key,
        figures.platform,
        figures.account,
        figures.workflow_key,
        figures.workflow_id,
        workflows.workflow_name,
        figures.criterion_id,
        figures.criterion_text,
        figures.wordings,
        figures.required_results > 0 as is_required,
        cast(figures.results as {{ sql_type('bigint') }}) as results,
        cast(figures.scored_results as {{ sql_type('bigint') }}) as scored_results,
        cast(figures.passed_results as {{ sql_type('bigint') }}) as passed_results,
        {{ safe_divide('figures.passed_results', 'figures.scored_results') }} as pass_rate,
        {{ wilson_low('figures.passed_results', 'figures.scored_results') }} as pass_rate_low,
        {{ wilson_high('figures.passed_results', 'figures.scored_results') }} as pass_rate_high,
        figures.scored_results < {{ var('min_sample') }} as is_small_sample,
        cast(figures.partial_results as {{ sql_type('bigint') }}) as partial_results,
        cast(figures.failed_results as {{ sql_type('bigint') }}) as failed_results,
        cast(figures.results - figures.scored_results as {{ sql_type('bigint') }}) as unscored_results,
        figures.scored_results >= {{ var('min_sample') }}
        and figures.passed_results = figures.scored_results as is_always_passing,
        figures.scored_results >= {{ var('min_sample') }} and figures.passed_results = 0 as is_never_passing,
        cast(figures.unpassed_runs as {{ sql_type('bigint') }}) as unpassed_runs,
        cast(figures.blamed_runs as {{ sql_type('bigint') }}) as blamed_runs,
        {{ safe_divide('figures.blamed_runs', 'figures.unpassed_runs') }} as blame_share,
        cast(figures.sole_cause_runs as {{ sql_type('bigint') }}) as sole_cause_runs,
        {{ safe_divide('figures.sole_cause_runs', 'figures.unpassed_runs') }} as sole_cause_share,
        figures.last_run_at
    from figures
    left join workflows on figures.workflow_key = workflows.workflow_key
)

select * from final

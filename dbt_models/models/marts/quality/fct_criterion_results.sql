-- One row per criterion of an evaluated run, of every platform.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook='{{ delete_outdated() }}',
) }}

with outdated as (
    {{ outdated_runs() }}
),

criterion_results as (
    select * from {{ rows_of_outdated_loads(ref('int_criterion_results')) }}
),

runs as (
    select * from {{ ref('fct_runs') }}
),

final as (
    select
        -- Keys are made here, after the join: made below it, they are made of every criterion that there is.
        {{ joined_key([
            'criterion_results.platform',
            'criterion_results.account',
            'criterion_results.run_id',
            'criterion_results.criterion_index',
        ]) }} as criterion_result_key,
        outdated.run_key,
        criterion_results.platform,
        criterion_results.account,
        criterion_results.run_id,
        criterion_results.criterion_index,
        criterion_results.criterion_id,
        criterion_results.criterion_text,
        runs.workflow_key,
        runs.workflow_id,
        runs.workflow_version_id,
        runs.model_key,
        runs.model,
        runs.judge_model,
        runs.outcome as run_outcome,
        -- What is known of no run is not known to be of a simulation.
        coalesce(runs.is_counted, true) as is_counted,
        runs.run_at,
        runs.run_date,
        criterion_results.status,
        criterion_results.outcome,
        case
            when criterion_results.outcome <> 'unscored' then criterion_results.outcome = 'passed'
        end as is_passed,
        criterion_results.is_required,
        criterion_results.score,
        criterion_results.rationale,
        criterion_results.excerpts,
        outdated.record_version
    from criterion_results
    inner join outdated
        on
            criterion_results.run_id = outdated.run_id
            and criterion_results.account = outdated.account
            and criterion_results.platform = outdated.platform
    left join runs on outdated.run_key = runs.run_key
)

select * from final

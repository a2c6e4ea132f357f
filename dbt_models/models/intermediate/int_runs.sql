-- One row per run, of every platform, with its evaluation and its outcome.
with runs as (
    {{ union_platforms(
        ['stg_armature__runs', 'stg_b3os__runs', 'stg_eigenpal__runs', 'int_runflow_runs'],
        [
            'run_key', 'platform', 'account', 'run_id', 'workflow_key', 'workflow_id', 'workflow_name',
            'workflow_version_id', 'model_key', 'model', 'status', 'status_outcome', 'verdict',
            'verdict_outcome', 'classification', 'trigger_type', 'purpose', 'attempt', 'retry_of_run_id',
            'started_at', 'ended_at', 'duration_ms', 'cost', 'cost_unit', 'score', 'input_tokens',
            'output_tokens', 'total_tokens', 'error_message', 'extracted_at', 'load_id',
        ],
    ) }}
),

evaluations as (
    select * from {{ ref('int_evaluations') }}
),

retried as (
    select distinct
        platform,
        account,
        retry_of_run_id
    from runs
    where retry_of_run_id is not null and retry_of_run_id <> run_id
),

evaluated as (
    select
        runs.*,
        coalesce(runs.purpose, 'production') as run_purpose,
        retried.retry_of_run_id is not null as is_retried,
        evaluations.evaluation_id,
        evaluations.judge_model,
        evaluations.evaluated_at,
        coalesce(evaluations.verdict, runs.verdict) as final_verdict,
        coalesce(evaluations.verdict_outcome, runs.verdict_outcome) as final_verdict_outcome,
        coalesce(evaluations.score, runs.score) as final_score,
        coalesce(runs.started_at, runs.ended_at) as run_at,
        case
            when runs.ended_at >= runs.started_at
                then {{ milliseconds_between('runs.started_at', 'runs.ended_at') }}
        end as elapsed_ms
    from runs
    left join evaluations on runs.run_key = evaluations.run_key
    left join retried
        on
            runs.platform = retried.platform
            and runs.account = retried.account
            and runs.run_id = retried.retry_of_run_id
),

final as (
    select
        run_key,
        platform,
        account,
        run_id,
        workflow_key,
        workflow_id,
        workflow_name,
        workflow_version_id,
        model_key,
        model,
        status,
        final_verdict as verdict,
        -- The platform's own judgement wins; a verdict decides where the status gives none.
        case
            when status_outcome <> 'ended' then status_outcome
            when final_verdict_outcome in ('passed', 'partial', 'failed') then final_verdict_outcome
            when status_outcome = 'ended' then 'unscored'
            else 'unknown'
        end as outcome,
        classification,
        trigger_type,
        run_purpose as purpose,
        -- The one place that says which runs figures count.
        run_purpose in ('production', 'experiment') as is_counted,
        attempt,
        case when retry_of_run_id <> run_id then retry_of_run_id end as retry_of_run_id,
        is_retried,
        run_at,
        {{ utc_date('run_at') }} as run_date,
        started_at,
        ended_at,
        case when duration_ms >= 0 then duration_ms else elapsed_ms end as duration_ms,
        cost,
        cost_unit,
        final_score as score,
        evaluation_id,
        judge_model,
        evaluated_at,
        input_tokens,
        output_tokens,
        total_tokens,
        error_message,
        extracted_at,
        load_id
    from evaluated
)

select * from final

-- One row per Runflow run, in the shape of all platforms' runs, with its model named.
with runs as (
    select * from {{ ref('stg_runflow__runs') }}
),

models as (
    select * from {{ ref('stg_runflow__models') }}
),

named as (
    select
        runs.*,
        -- Runs of a model name it by its id only.
        coalesce(models.slug, runs.model_id, '(unknown)') as model
    from runs
    left join models on runs.account = models.account and runs.model_id = models.model_id
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
        {{ joined_key(["'runflow'", 'account', 'model']) }} as model_key,
        model,
        status,
        status_outcome,
        verdict,
        verdict_outcome,
        classification,
        trigger_type,
        purpose,
        attempt,
        retry_of_run_id,
        started_at,
        ended_at,
        duration_ms,
        cost,
        cost_unit,
        score,
        input_tokens,
        output_tokens,
        total_tokens,
        error_message,
        extracted_at,
        load_id
    from named
)

select * from final

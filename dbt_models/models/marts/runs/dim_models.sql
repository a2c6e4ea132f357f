-- One row per model that has runs on a platform; runs without a model are those of `(unknown)`.
with runs as (
    select * from {{ ref('fct_runs') }}
),

final as (
    select
        model_key,
        platform,
        account,
        model,
        model <> '(unknown)' as is_known,
        max(cost_unit) as cost_unit,
        min(run_at) as first_run_at,
        max(run_at) as last_run_at
    from runs
    group by model_key, platform, account, model
)

select * from final

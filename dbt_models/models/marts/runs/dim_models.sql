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
        max(case when is_counted then 1 else 0 end) = 1 as is_counted,
        {{ single_unit('cost_unit') }} as cost_unit,
        min(case when is_counted then run_at end) as first_run_at,
        max(case when is_counted then run_at end) as last_run_at
    from runs
    group by model_key, platform, account, model
)

select * from final

-- One row per evaluated run of Runflow: the evaluation that counts, or else the newest one.
with evaluations as (
    select * from {{ ref('stg_runflow__evaluations') }}
),

final as (
    select
        run_key,
        platform,
        account,
        run_id,
        evaluation_id,
        case when not is_superseded then verdict end as verdict,
        case when not is_superseded then verdict end as verdict_outcome,
        case when not is_superseded then weighted_pass_rate end as score,
        cast(null as {{ sql_type('text') }}) as judge_model,
        completed_at as evaluated_at,
        attempt_number,
        is_superseded,
        extracted_at,
        load_id
    from evaluations
    where place = 1
)

select * from final

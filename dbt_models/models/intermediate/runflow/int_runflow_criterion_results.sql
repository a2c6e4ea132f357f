-- One row per judge of the evaluation that counts for a Runflow run, in the shape of criteria.
with judges as (
    select * from {{ ref('stg_runflow__evaluation_judges') }}
),

current_evaluations as (
    select * from {{ ref('int_runflow_current_evaluations') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'judges.account', 'judges.run_id', 'judges.judge_index']) }}
            as criterion_result_key,
        judges.run_key,
        judges.platform,
        judges.account,
        judges.run_id,
        judges.judge_index as criterion_index,
        cast(null as {{ sql_type('text') }}) as criterion_id,
        judges.judge_name as criterion_text,
        cast(null as {{ sql_type('text') }}) as status,
        cast(null as {{ sql_type('text') }}) as status_outcome,
        judges.passed as said_passed,
        cast(null as {{ sql_type('boolean') }}) as is_required,
        cast(null as {{ sql_type('double precision') }}) as score,
        judges.reasoning as rationale,
        cast(null as {{ sql_type('json') }}) as excerpts,
        judges.extracted_at,
        judges.load_id
    from judges
    inner join current_evaluations
        on
            judges.run_key = current_evaluations.run_key
            and judges.evaluation_id = current_evaluations.evaluation_id
    where not current_evaluations.is_superseded
)

select * from final

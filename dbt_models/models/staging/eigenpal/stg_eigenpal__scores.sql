-- One row per run and evaluator of EigenPal: what an evaluator says of a run, in the API's order.
with source as (
    {{ raw_table('eigenpal', 'scores') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'run_id', 'score_index']) }} as criterion_result_key,
        {{ joined_key(["'eigenpal'", 'account', 'run_id']) }} as run_key,
        'eigenpal' as platform,
        account,
        run_id,
        score_index as criterion_index,
        score_id as criterion_id,
        coalesce(nullif(trim(evaluator_name), ''), '(unknown)') as criterion_text,
        evaluator_type,
        label as status,
        cast(null as {{ sql_type('text') }}) as status_outcome,
        passed as said_passed,
        cast(null as {{ sql_type('boolean') }}) as is_required,
        score,
        weight,
        pass_threshold,
        error as error_message,
        description as rationale,
        details as excerpts,
        created_at as evaluated_at,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

-- One row per criterion of an evaluation, of every platform, with its outcome.
with criteria as (
    {{ union_platforms(
        ['stg_armature__evaluation_criteria', 'stg_eigenpal__scores', 'int_runflow_criterion_results'],
        [
            'criterion_result_key', 'run_key', 'platform', 'account', 'run_id', 'criterion_index',
            'criterion_id', 'criterion_text', 'status', 'status_outcome', 'said_passed', 'is_required',
            'score', 'rationale', 'excerpts', 'extracted_at', 'load_id',
        ],
    ) }}
),

final as (
    select
        criterion_result_key,
        run_key,
        platform,
        account,
        run_id,
        criterion_index,
        criterion_id,
        criterion_text,
        status,
        case
            when said_passed then 'passed'
            when not said_passed and status_outcome = 'partial' then 'partial'
            when not said_passed then 'failed'
            when status_outcome in ('passed', 'partial', 'failed') then status_outcome
            else 'unscored'
        end as outcome,
        is_required,
        score,
        rationale,
        excerpts,
        extracted_at,
        load_id
    from criteria
)

select * from final

-- One row per issue that a judge of a Runflow evaluation detected, in the API's order.
with source as (
    {{ raw_table('runflow', 'evaluation_issues') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'run_id', 'evaluation_id', 'judge_index', 'issue_index']) }}
            as issue_key,
        {{ joined_key(["'runflow'", 'account', 'run_id']) }} as run_key,
        'runflow' as platform,
        account,
        run_id,
        evaluation_id,
        judge_index,
        issue_index,
        category as issue_category,
        subcategory as issue_subcategory,
        detail,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

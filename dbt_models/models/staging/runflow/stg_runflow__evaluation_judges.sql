-- One row per judge of a Runflow evaluation, in the API's order.
with source as (
    {{ raw_table('runflow', 'evaluation_judges') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'run_id', 'evaluation_id', 'judge_index']) }} as judge_key,
        {{ joined_key(["'runflow'", 'account', 'run_id']) }} as run_key,
        'runflow' as platform,
        account,
        run_id,
        evaluation_id,
        judge_index,
        judge_id,
        name as judge_name,
        description,
        category as judge_category,
        passed,
        confidence,
        weight,
        reasoning,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

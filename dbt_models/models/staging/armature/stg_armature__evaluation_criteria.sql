-- One row per criterion of an Armature evaluation, in the API's order.
with source as (
    {{ raw_table('armature', 'evaluation_criteria') }}
),

final as (
    select
        {{ joined_key(["'armature'", 'account', 'run_id', 'criterion_index']) }} as criterion_result_key,
        {{ joined_key(["'armature'", 'account', 'run_id']) }} as run_key,
        'armature' as platform,
        account,
        run_id,
        criterion_index,
        criterion_id,
        criterion_text,
        status,
        {{ armature_outcome('status') }} as status_outcome,
        passed as said_passed,
        is_required,
        score,
        rationale,
        excerpts,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

-- One row per evaluation criterion of an Armature workflow's current version, in the API's order.
with source as (
    {{ raw_table('armature', 'workflow_criteria') }}
),

final as (
    select
        {{ joined_key(["'armature'", 'account', 'workflow_id', 'criterion_index']) }}
            as workflow_criterion_key,
        {{ joined_key(["'armature'", 'account', 'workflow_id']) }} as workflow_key,
        'armature' as platform,
        account,
        workflow_id,
        criterion_index,
        criterion_text,
        is_required,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

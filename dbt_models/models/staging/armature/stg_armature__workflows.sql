-- One row per Armature workflow that was ever seen, archived ones included.
with source as (
    {{ raw_table('armature', 'workflows') }}
),

final as (
    select
        {{ joined_key(["'armature'", 'account', 'workflow_id']) }} as workflow_key,
        'armature' as platform,
        account,
        workflow_id,
        nullif(trim(name), '') as workflow_name,
        description,
        mcp_server_id,
        tester_prompt,
        tester_models,
        schedule,
        current_version_id,
        is_archived,
        first_seen_at,
        last_seen_at,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

-- One row per EigenPal workflow or agent that was ever seen, deleted ones included.
with source as (
    {{ raw_table('eigenpal', 'automations') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'automation_id']) }} as workflow_key,
        'eigenpal' as platform,
        account,
        automation_id as workflow_id,
        nullif(trim(name), '') as workflow_name,
        type as automation_type,
        slug,
        description,
        cast(null as {{ sql_type('text') }}) as mcp_server_id,
        cast(null as {{ sql_type('text') }}) as tester_prompt,
        status,
        version as current_version_id,
        coalesce(lower(status) in ('archived', 'deleted'), false) or last_seen_at is null as is_archived,
        triggers,
        implementation_available,
        folder_path,
        input_schema,
        output_schema,
        created_at,
        updated_at,
        first_seen_at,
        last_seen_at,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

-- One row per B3OS workflow that was ever seen, archived ones included.
with source as (
    {{ raw_table('b3os', 'workflows') }}
),

final as (
    select
        {{ joined_key(["'b3os'", 'account', 'workflow_id']) }} as workflow_key,
        'b3os' as platform,
        account,
        workflow_id,
        nullif(trim(name), '') as workflow_name,
        description,
        cast(null as {{ sql_type('text') }}) as mcp_server_id,
        cast(null as {{ sql_type('text') }}) as tester_prompt,
        cast(version as {{ sql_type('text') }}) as current_version_id,
        status,
        type as workflow_type,
        definition,
        max_runs,
        remain_runs,
        cooldown_ms,
        last_triggered_at,
        created_by,
        created_at,
        updated_by,
        updated_at,
        has_draft,
        has_live_version,
        organization_id,
        is_archived,
        first_seen_at,
        last_seen_at,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

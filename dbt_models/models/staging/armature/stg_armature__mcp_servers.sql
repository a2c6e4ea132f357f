-- One row per MCP server of an Armature account that was ever seen.
with source as (
    {{ raw_table('armature', 'mcp_servers') }}
),

final as (
    select
        {{ joined_key(["'armature'", 'account', 'mcp_server_id']) }} as mcp_server_key,
        'armature' as platform,
        account,
        mcp_server_id,
        nullif(trim(name), '') as mcp_server_name,
        transport_type,
        base_url,
        categories,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

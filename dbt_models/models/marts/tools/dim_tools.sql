-- One row per name of a tool that was called on a platform, on however many MCP servers.
with tool_calls as (
    select * from {{ ref('fct_tool_calls') }}
),

final as (
    select
        tool_key,
        platform,
        account,
        tool_name,
        tool_name <> '(unknown)' as is_known,
        count(distinct mcp_server_id) as mcp_servers,
        min(coalesce(called_at, run_at)) as first_called_at,
        max(coalesce(called_at, run_at)) as last_called_at
    from tool_calls
    group by tool_key, platform, account, tool_name
)

select * from final

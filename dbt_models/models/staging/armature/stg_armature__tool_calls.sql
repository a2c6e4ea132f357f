-- One row per MCP tool call of an Armature run, in the API's order.
with source as (
    {{ raw_table('armature', 'tool_calls') }}
),

final as (
    select
        {{ joined_key(["'armature'", 'account', 'run_id', 'call_index']) }} as tool_call_key,
        {{ joined_key(["'armature'", 'account', 'run_id']) }} as run_key,
        'armature' as platform,
        account,
        run_id,
        call_index,
        tool_call_id,
        {{ joined_key(["'armature'", 'account', "coalesce(nullif(trim(tool_name), ''), '(unknown)')"]) }}
            as tool_key,
        coalesce(nullif(trim(tool_name), ''), '(unknown)') as tool_name,
        arguments,
        result,
        is_error,
        duration_ms,
        called_at,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

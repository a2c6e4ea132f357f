-- One row per tool call of a run, of every platform.
with final as (
    {{ union_platforms(
        ['stg_armature__tool_calls', 'stg_b3os__node_executions where is_call'],
        [
            'tool_call_key', 'run_key', 'platform', 'account', 'run_id', 'call_index', 'tool_call_id',
            'tool_key', 'tool_name', 'arguments', 'result', 'is_error', 'duration_ms', 'called_at',
            'extracted_at', 'load_id',
        ],
    ) }}
)

select * from final

-- One row per chunk of a sync, of every platform.
with final as (
    {{ union_platforms(
        ['stg_armature__sync_log', 'stg_b3os__sync_log', 'stg_eigenpal__sync_log'],
        [
            'sync_chunk_key', 'platform', 'account', 'sync_id', 'chunk', 'window_start', 'window_end',
            'requested_range', 'pages', 'runs_listed', 'runs_new', 'runs_changed', 'open_runs',
            'requests', 'retries', 'throttled_seconds', 'gap_start', 'gap_end', 'started_at',
            'finished_at', 'is_complete',
        ],
    ) }}
)

select * from final

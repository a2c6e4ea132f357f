-- One row per run and endpoint that could not be read, of every platform, kept when it was read after all.
with final as (
    {{ union_platforms(
        ['stg_armature__fetch_errors', 'stg_b3os__fetch_errors', 'stg_eigenpal__fetch_errors'],
        [
            'fetch_error_key', 'run_key', 'platform', 'account', 'run_id', 'endpoint', 'status_code',
            'message', 'attempts', 'first_failed_at', 'last_failed_at', 'resolved_at',
        ],
    ) }}
)

select * from final

-- One row per span of an Armature run's trace, in the API's order. Loaded only when asked for.
with source as (
    {{ raw_table('armature', 'trace_spans') }}
),

final as (
    select
        {{ joined_key(["'armature'", 'account', 'run_id', 'span_index']) }} as trace_span_key,
        {{ joined_key(["'armature'", 'account', 'run_id']) }} as run_key,
        'armature' as platform,
        account,
        run_id,
        span_index,
        span_id,
        parent_span_id,
        name as span_name,
        kind as span_kind,
        started_at,
        ended_at,
        duration_ms,
        attributes,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

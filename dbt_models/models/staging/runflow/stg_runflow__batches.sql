-- One row per batch that a loaded Runflow run belongs to.
with source as (
    {{ raw_table('runflow', 'batches') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'batch_id']) }} as batch_key,
        'runflow' as platform,
        account,
        batch_id,
        status,
        failure_stage,
        created_at,
        ended_at,
        items_total,
        items_succeeded,
        items_failed,
        items_cancelled,
        items,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

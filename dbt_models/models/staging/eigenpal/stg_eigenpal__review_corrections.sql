-- One row per correction of an EigenPal run's field or file by its reviewer, in the API's order.
with source as (
    {{ raw_table('eigenpal', 'review_corrections') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'run_id', 'correction_index']) }} as correction_key,
        {{ joined_key(["'eigenpal'", 'account', 'run_id']) }} as run_key,
        'eigenpal' as platform,
        account,
        run_id,
        correction_index,
        correction_id,
        kind,
        path,
        label,
        original_value,
        corrected_value,
        note,
        corrected_artifact_path,
        created_at,
        updated_at,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

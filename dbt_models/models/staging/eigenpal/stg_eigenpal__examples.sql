-- One row per example of an EigenPal dataset that was ever seen.
with source as (
    {{ raw_table('eigenpal', 'examples') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'automation_id', 'example_id']) }} as example_key,
        {{ joined_key(["'eigenpal'", 'account', 'automation_id']) }} as workflow_key,
        'eigenpal' as platform,
        account,
        automation_id as workflow_id,
        example_id,
        automation_type,
        name,
        input,
        expected,
        expected_files,
        metadata,
        annotation,
        row_order,
        overrides,
        latest_run_id,
        created_at,
        updated_at,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

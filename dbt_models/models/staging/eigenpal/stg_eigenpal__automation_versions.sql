-- One row per version of an EigenPal workflow or agent that was ever seen.
with source as (
    {{ raw_table('eigenpal', 'automation_versions') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'automation_id', 'version_id']) }} as version_key,
        {{ joined_key(["'eigenpal'", 'account', 'automation_id']) }} as workflow_key,
        'eigenpal' as platform,
        account,
        automation_id as workflow_id,
        version_id,
        version,
        source_ref,
        is_current,
        created_at,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

-- One row per Runflow model that was ever seen, deleted ones included.
with source as (
    {{ raw_table('runflow', 'models') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'model_id']) }} as workflow_key,
        'runflow' as platform,
        account,
        model_id,
        slug,
        nullif(trim(name), '') as model_name,
        description,
        version,
        category,
        status,
        availability_status,
        family_id,
        model_creator_id,
        license,
        is_public,
        is_official,
        is_open_source,
        inputs,
        outputs,
        pricing,
        org_id,
        created_by,
        created_at,
        updated_at,
        deleted_at,
        first_seen_at,
        last_seen_at,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

-- One row per Runflow ComfyUI workflow that was ever seen, deleted ones included.
with source as (
    {{ raw_table('runflow', 'comfyui_workflows') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'comfyui_workflow_id']) }} as workflow_key,
        'runflow' as platform,
        account,
        comfyui_workflow_id,
        slug,
        nullif(trim(name), '') as comfyui_workflow_name,
        description,
        version,
        category,
        status,
        is_public,
        gpu_tier,
        workflow_json,
        inputs,
        outputs,
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

-- One row per Runflow flow, and per ComfyUI workflow or model that was run.
with flows as (
    select * from {{ ref('stg_runflow__flows') }}
),

comfyui_workflows as (
    select * from {{ ref('stg_runflow__comfyui_workflows') }}
),

models as (
    select * from {{ ref('stg_runflow__models') }}
),

runs as (
    select * from {{ ref('stg_runflow__runs') }}
),

-- Lists of models and ComfyUI workflows have public ones that nobody here runs.
run_targets as (
    select distinct workflow_key
    from runs
),

targets as (
    select
        workflow_key,
        platform,
        account,
        flow_id as workflow_id,
        flow_name as workflow_name,
        description,
        current_version_id,
        case when lower(status) in ('archived', 'deleted') then true end as is_archived,
        first_seen_at,
        last_seen_at,
        extracted_at
    from flows
    union all
    select
        workflow_key,
        platform,
        account,
        comfyui_workflow_id as workflow_id,
        comfyui_workflow_name as workflow_name,
        description,
        version as current_version_id,
        case
            when deleted_at is not null or lower(status) in ('archived', 'deleted') then true
        end as is_archived,
        first_seen_at,
        last_seen_at,
        extracted_at
    from comfyui_workflows
    where comfyui_workflows.workflow_key in (select run_targets.workflow_key from run_targets)
    union all
    select
        workflow_key,
        platform,
        account,
        model_id as workflow_id,
        model_name as workflow_name,
        description,
        version as current_version_id,
        case
            when deleted_at is not null or lower(status) in ('archived', 'deleted') then true
        end as is_archived,
        first_seen_at,
        last_seen_at,
        extracted_at
    from models
    where models.workflow_key in (select run_targets.workflow_key from run_targets)
),

final as (
    select
        workflow_key,
        platform,
        account,
        workflow_id,
        workflow_name,
        description,
        cast(null as {{ sql_type('text') }}) as mcp_server_id,
        cast(null as {{ sql_type('text') }}) as tester_prompt,
        current_version_id,
        is_archived,
        first_seen_at,
        last_seen_at,
        extracted_at
    from targets
)

select * from final

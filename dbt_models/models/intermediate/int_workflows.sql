-- One row per workflow that a platform listed, of every platform, with its criteria counted and server named.
with workflows as (
    {{ union_platforms(
        [
            'stg_armature__workflows',
            'stg_b3os__workflows',
            'stg_eigenpal__automations',
            'int_runflow_workflows',
        ],
        [
            'workflow_key', 'platform', 'account', 'workflow_id', 'workflow_name', 'description',
            'mcp_server_id', 'tester_prompt', 'current_version_id', 'is_archived', 'first_seen_at',
            'last_seen_at',
        ],
    ) }}
),

criteria as (
    {{ union_platforms(['stg_armature__workflow_criteria'], ['workflow_key', 'is_required']) }}
),

mcp_servers as (
    {{ union_platforms(
        ['stg_armature__mcp_servers'], ['platform', 'account', 'mcp_server_id', 'mcp_server_name'],
    ) }}
),

criteria_per_workflow as (
    select
        workflow_key,
        count(*) as criteria,
        count(case when is_required then 1 end) as required_criteria
    from criteria
    group by workflow_key
),

final as (
    select
        workflows.workflow_key,
        workflows.platform,
        workflows.account,
        workflows.workflow_id,
        workflows.workflow_name,
        workflows.description,
        workflows.mcp_server_id,
        mcp_servers.mcp_server_name,
        workflows.tester_prompt,
        workflows.current_version_id,
        workflows.is_archived,
        criteria_per_workflow.criteria,
        criteria_per_workflow.required_criteria,
        workflows.first_seen_at,
        workflows.last_seen_at
    from workflows
    left join criteria_per_workflow on workflows.workflow_key = criteria_per_workflow.workflow_key
    left join mcp_servers
        on
            workflows.platform = mcp_servers.platform
            and workflows.account = mcp_servers.account
            and workflows.mcp_server_id = mcp_servers.mcp_server_id
)

select * from final

-- One row per workflow that a platform listed or that has runs.
with workflows as (
    select * from {{ ref('int_workflows') }}
),

runs as (
    select * from {{ ref('fct_runs') }}
    where workflow_key is not null
),

runs_per_workflow as (
    select
        workflow_key,
        platform,
        account,
        workflow_id,
        min(case when is_counted then run_at end) as first_run_at,
        max(case when is_counted then run_at end) as last_run_at
    from runs
    group by workflow_key, platform, account, workflow_id
),

named_runs as (
    select
        workflow_key,
        workflow_name,
        row_number() over (
            partition by workflow_key
            order by case when run_at is null then 1 else 0 end, run_at desc, run_key desc
        ) as recency
    from runs
    where workflow_name is not null
),

names as (
    select
        workflow_key,
        workflow_name
    from named_runs
    where recency = 1
),

final as (
    select
        coalesce(workflows.workflow_key, runs_per_workflow.workflow_key) as workflow_key,
        coalesce(workflows.platform, runs_per_workflow.platform) as platform,
        coalesce(workflows.account, runs_per_workflow.account) as account,
        coalesce(workflows.workflow_id, runs_per_workflow.workflow_id) as workflow_id,
        coalesce(workflows.workflow_name, names.workflow_name) as workflow_name,
        workflows.description,
        workflows.mcp_server_id,
        workflows.mcp_server_name,
        workflows.tester_prompt,
        workflows.current_version_id,
        workflows.is_archived,
        workflows.workflow_key is not null as is_described,
        workflows.criteria,
        workflows.required_criteria,
        workflows.first_seen_at,
        workflows.last_seen_at,
        runs_per_workflow.first_run_at,
        runs_per_workflow.last_run_at
    from workflows
    full outer join runs_per_workflow on workflows.workflow_key = runs_per_workflow.workflow_key
    left join names on runs_per_workflow.workflow_key = names.workflow_key
)

select * from final

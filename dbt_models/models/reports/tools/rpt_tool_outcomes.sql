-- One row per platform, account, tool, MCP server and comparison: pass rates of runs with it and without.
with tool_runs as (
    select * from {{ ref('agg_tool_runs') }}
),

-- A run whose calls could not be read says nothing of whether it used a tool.
unread_calls as (
    select distinct run_key
    from {{ ref('int_fetch_errors') }}
    where resolved_at is null and endpoint = 'tool_calls'
),

runs as (
    select
        runs.run_key,
        runs.platform,
        runs.account,
        runs.workflow_key,
        case when runs.is_passed then 1 else 0 end as passes
    from {{ counted(ref('fct_runs')) }} as runs
    left join unread_calls on runs.run_key = unread_calls.run_key
    where runs.is_scored and runs.tool_calls is not null and unread_calls.run_key is null
),

workflows as (
    select
        platform,
        account,
        workflow_key,
        count(*) as scored_runs,
        sum(passes) as passed_runs
    from runs
    group by platform, account, workflow_key
),

accounts as (
    select
        platform,
        account,
        sum(scored_runs) as scored_runs,
        sum(passed_runs) as passed_runs
    from workflows
    group by platform, account
),

tools as (
    select distinct
        platform,
        account,
        tool_key,
        tool_name,
        mcp_server_id
    from tool_runs
),

runs_per_workflow as (
    select
        tool_runs.tool_key,
        tool_runs.mcp_server_id,
        runs.platform,
        runs.account,
        runs.workflow_key,
        count(*) as scored_runs,
        sum(runs.passes) as passed_runs,
        count(case when tool_runs.flagged_calls > 0 then 1 end) as scored_runs_with_error,
        sum(case when tool_runs.flagged_calls > 0 then runs.passes else 0 end) as passed_runs_with_error,
        count(case when tool_runs.unflagged_calls = tool_runs.calls then 1 end) as scored_runs_without_error,
        sum(case when tool_runs.unflagged_calls = tool_runs.calls then runs.passes else 0 end)
            as passed_runs_without_error
    from tool_runs
    inner join runs on tool_runs.run_key = runs.run_key
    group by tool_runs.tool_key, tool_runs.mcp_server_id, runs.platform, runs.account, runs.workflow_key
),

-- Both sides of both comparisons, per workflow that has used the tool.
sides as (
    select
        uses.tool_key,
        uses.mcp_server_id,
        'use' as comparison,
        uses.workflow_key,
        uses.scored_runs as with_scored_runs,
        uses.passed_runs as with_passed_runs,
        workflows.scored_runs - uses.scored_runs as without_scored_runs,
        workflows.passed_runs - uses.passed_runs as without_passed_runs
    from runs_per_workflow as uses
    inner join workflows
        on
            uses.platform = workflows.platform
            and uses.account = workflows.account
            and coalesce(uses.workflow_key, '') = coalesce(workflows.workflow_key, '')
    union all
    select
        tool_key,
        mcp_server_id,
        'error' as comparison,
        workflow_key,
        scored_runs_with_error as with_scored_runs,
        passed_runs_with_error as with_passed_runs,
        scored_runs_without_error as without_scored_runs,
        passed_runs_without_error as without_passed_runs
    from runs_per_workflow
),

pooled as (
    select
        tool_key,
        mcp_server_id,
        comparison,
        sum(with_scored_runs) as with_scored_runs,
        sum(with_passed_runs) as with_passed_runs,
        sum(without_scored_runs) as without_scored_runs,
        sum(without_passed_runs) as without_passed_runs
    from sides
    group by tool_key, mcp_server_id, comparison
),

shared as (
    select
        tool_key,
        mcp_server_id,
        comparison,
        count(*) as shared_workflows,
        {{ stratified_difference(
            'with_passed_runs', 'with_scored_runs', 'without_passed_runs', 'without_scored_runs'
        ) }} as within_workflow_difference,
        {{ stratified_stderr(
            'with_passed_runs', 'with_scored_runs', 'without_passed_runs', 'without_scored_runs'
        ) }} as within_workflow_stderr
    from sides
    where workflow_key is not null and with_scored_runs > 0 and without_scored_runs > 0
    group by tool_key, mcp_server_id, comparison
),

comparisons as (
    select 'use' as comparison
    union all
    select 'error' as comparison
),

-- A run that did not use the tool may be of any workflow; one that used it without an error used it.
counts as (
    select
        tools.platform,
        tools.account,
        tools.tool_key,
        tools.tool_name,
        tools.mcp_server_id,
        comparisons.comparison,
        cast(coalesce(pooled.with_scored_runs, 0) as {{ sql_type('bigint') }}) as with_scored_runs,
        cast(coalesce(pooled.with_passed_runs, 0) as {{ sql_type('bigint') }}) as with_passed_runs,
        cast(case
            when comparisons.comparison = 'use'
                then coalesce(accounts.scored_runs, 0) - coalesce(pooled.with_scored_runs, 0)
            else coalesce(pooled.without_scored_runs, 0)
        end as {{ sql_type('bigint') }}) as without_scored_runs,
        cast(case
            when comparisons.comparison = 'use'
                then coalesce(accounts.passed_runs, 0) - coalesce(pooled.with_passed_runs, 0)
            else coalesce(pooled.without_passed_runs, 0)
        end as {{ sql_type('bigint') }}) as without_passed_runs,
        coalesce(shared.shared_workflows, 0) as shared_workflows,
        shared.within_workflow_difference,
        -- No spread at all is not certainty.
        nullif(shared.within_workflow_stderr, 0) as within_workflow_stderr
    from tools
    cross join comparisons
    left join accounts
        on
            tools.platform = accounts.platform
            and tools.account = accounts.account
    left join pooled
        on
            tools.tool_key = pooled.tool_key
            and coalesce(tools.mcp_server_id, '') = coalesce(pooled.mcp_server_id, '')
            and comparisons.comparison = pooled.comparison
    left join shared
        on
            tools.tool_key = shared.tool_key
            and coalesce(tools.mcp_server_id, '') = coalesce(shared.mcp_server_id, '')
            and comparisons.comparison = shared.comparison
),

rates as (
    select
        *,
        {{ safe_divide('with_passed_runs', 'with_scored_runs') }} as with_pass_rate,
        {{ wilson_low('with_passed_runs', 'with_scored_runs') }} as with_pass_rate_low,
        {{ wilson_high('with_passed_runs', 'with_scored_runs') }} as with_pass_rate_high,
        {{ safe_divide('without_passed_runs', 'without_scored_runs') }} as without_pass_rate,
        {{ wilson_low('without_passed_runs', 'without_scored_runs') }} as without_pass_rate_low,
        {{ wilson_high('without_passed_runs', 'without_scored_runs') }} as without_pass_rate_high
    from counts
),

final as (
    select
        {{ joined_key([
            'platform', 'account', 'comparison', escaped("coalesce(mcp_server_id, '(unknown)')"), 'tool_name',
        ]) }} as tool_outcome_key,
        platform,
        account,
        tool_key,
        tool_name,
        mcp_server_id,
        comparison,
        'association' as relation,
        with_scored_runs,
        with_passed_runs,
        with_pass_rate,
        with_pass_rate_low,
        with_pass_rate_high,
        without_scored_runs,
        without_passed_runs,
        without_pass_rate,
        without_pass_rate_low,
        without_pass_rate_high,
        with_pass_rate - without_pass_rate as pass_rate_difference,
        {{ newcombe_low(
            'with_pass_rate', 'with_pass_rate_low', 'without_pass_rate', 'without_pass_rate_high'
        ) }} as pass_rate_difference_low,
        {{ newcombe_high(
            'with_pass_rate', 'with_pass_rate_high', 'without_pass_rate', 'without_pass_rate_low'
        ) }} as pass_rate_difference_high,
        shared_workflows,
        within_workflow_difference,
        case
            when within_workflow_difference - 1.959963984540054 * within_workflow_stderr < -1 then -1
            else within_workflow_difference - 1.959963984540054 * within_workflow_stderr
        end as within_workflow_difference_low,
        case
            when within_workflow_difference + 1.959963984540054 * within_workflow_stderr > 1 then 1
            else within_workflow_difference + 1.959963984540054 * within_workflow_stderr
        end as within_workflow_difference_high,
        with_scored_runs < {{ var('min_sample') }}
        or without_scored_runs < {{ var('min_sample') }} as is_small_sample
    from rates
)

select * from final

-- One row per platform, account, tool and MCP server: how often it is called, fails, and how long it takes.
with tool_calls as (
    select * from {{ counted(ref('fct_tool_calls')) }} as counted_tool_calls
),

tool_runs as (
    select * from {{ ref('agg_tool_runs') }}
),

runs as (
    select * from {{ counted(ref('fct_runs')) }} as counted_runs
),

accounts as (
    select
        platform,
        account,
        count(*) as account_runs
    from runs
    group by platform, account
),

-- Percentiles cannot be put together from those of runs: they are taken from the calls themselves.
call_figures as (
    select
        platform,
        account,
        tool_key,
        tool_name,
        mcp_server_id,
        count(*) as calls,
        count(duration_ms) as calls_with_duration,
        {{ percentile('duration_ms', 0.5) }} as p50_duration_ms,
        {{ percentile('duration_ms', 0.95) }} as p95_duration_ms,
        {{ percentile('duration_ms', 0.99) }} as p99_duration_ms,
        count(result_size) as calls_with_result,
        {{ percentile('result_size', 0.95) }} as p95_result_size
    from tool_calls
    group by platform, account, tool_key, tool_name, mcp_server_id
),

run_figures as (
    select
        tool_runs.tool_key,
        tool_runs.mcp_server_id,
        count(runs.run_key) as runs,
        cast(sum(tool_runs.flagged_calls) as {{ sql_type('bigint') }}) as flagged_calls,
        cast(sum(tool_runs.unflagged_calls) as {{ sql_type('bigint') }}) as unflagged_calls,
        cast(sum(tool_runs.unknown_calls) as {{ sql_type('bigint') }}) as unknown_calls,
        cast(sum(tool_runs.calls - tool_runs.unknown_calls) as {{ sql_type('bigint') }}) as known_calls,
        cast(sum(tool_runs.retries) as {{ sql_type('bigint') }}) as retries,
        cast(sum(tool_runs.followed_errors) as {{ sql_type('bigint') }}) as followed_errors,
        cast(sum(tool_runs.recovered_errors) as {{ sql_type('bigint') }}) as recovered_errors,
        cast(sum(tool_runs.loops) as {{ sql_type('bigint') }}) as loops,
        count(case when tool_runs.loops > 0 then 1 end) as runs_with_loops,
        cast(sum(tool_runs.calls_with_arguments) as {{ sql_type('bigint') }}) as calls_with_arguments,
        cast(sum(tool_runs.wasted_calls) as {{ sql_type('bigint') }}) as wasted_calls
    from tool_runs
    left join runs on tool_runs.run_key = runs.run_key
    group by tool_runs.tool_key, tool_runs.mcp_server_id
),

final as (
    select
        {{ joined_key([
            'call_figures.platform',
            'call_figures.account',
            escaped("coalesce(call_figures.mcp_server_id, '(unknown)')"),
            'call_figures.tool_name',
        ]) }} as tool_scorecard_key,
        call_figures.platform,
        call_figures.account,
        call_figures.tool_key,
        call_figures.tool_name,
        call_figures.mcp_server_id,
        call_figures.calls,
        run_figures.runs,
        coalesce(accounts.account_runs, 0) as account_runs,
        {{ safe_divide('run_figures.runs', 'accounts.account_runs') }} as share_of_runs,
        run_figures.flagged_calls,
        run_figures.unflagged_calls,
        run_figures.unknown_calls,
        {{ safe_divide('run_figures.flagged_calls', 'run_figures.known_calls') }} as error_rate,
        {{ wilson_low('run_figures.flagged_calls', 'run_figures.known_calls') }} as error_rate_low,
        {{ wilson_high('run_figures.flagged_calls', 'run_figures.known_calls') }} as error_rate_high,
        run_figures.known_calls < {{ var('min_sample') }} as is_small_sample,
        call_figures.calls_with_duration,
        call_figures.p50_duration_ms,
        call_figures.p95_duration_ms,
        call_figures.p99_duration_ms,
        run_figures.retries,
        run_figures.followed_errors,
        run_figures.recovered_errors,
        {{ safe_divide('run_figures.recovered_errors', 'run_figures.followed_errors') }} as recovery_rate,
        {{ wilson_low('run_figures.recovered_errors', 'run_figures.followed_errors') }} as recovery_rate_low,
        {{ wilson_high('run_figures.recovered_errors', 'run_figures.followed_errors') }}
            as recovery_rate_high,
        run_figures.loops,
        run_figures.runs_with_loops,
        run_figures.calls_with_arguments,
        run_figures.wasted_calls,
        {{ safe_divide('run_figures.wasted_calls', 'run_figures.calls_with_arguments') }} as wasted_share,
        call_figures.calls_with_result,
        call_figures.p95_result_size
    from call_figures
    inner join run_figures
        on
            call_figures.tool_key = run_figures.tool_key
            and coalesce(call_figures.mcp_server_id, '') = coalesce(run_figures.mcp_server_id, '')
    left join accounts
        on
            call_figures.platform = accounts.platform
            and call_figures.account = accounts.account
)

select * from final

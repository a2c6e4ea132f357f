-- One row per workflow, day (UTC) with runs and cost unit: numerators and denominators, to be summed.
with runs as (
    select * from {{ counted(ref('fct_runs')) }} as counted_runs
),

final as (
    select
        {{ joined_key([
            'platform',
            'account',
            "coalesce(workflow_id, '(unknown)')",
            "coalesce(cast(run_date as " ~ sql_type('text') ~ "), '(unknown)')",
            'cost_unit',
        ]) }} as workflow_day_key,
        platform,
        account,
        workflow_key,
        workflow_id,
        run_date,
        count(*) as runs,
        count(case when is_scored then 1 end) as scored_runs,
        count(case when outcome = 'passed' then 1 end) as passed_runs,
        count(case when outcome = 'partial' then 1 end) as partial_runs,
        count(case when outcome = 'failed' then 1 end) as failed_runs,
        count(case when outcome = 'errored' then 1 end) as errored_runs,
        count(case when outcome = 'unscored' then 1 end) as unscored_runs,
        count(case when outcome = 'cancelled' then 1 end) as cancelled_runs,
        count(case when outcome = 'running' then 1 end) as running_runs,
        count(case when outcome = 'unknown' then 1 end) as unknown_runs,
        count(cost) as runs_with_cost,
        cast(sum(cost) as {{ sql_type('decimal(38, 9)') }}) as total_cost,
        cast(sum(case when is_scored then cost end) as {{ sql_type('decimal(38, 9)') }}) as scored_cost,
        cost_unit,
        count(duration_ms) as runs_with_duration,
        cast(sum(duration_ms) as {{ sql_type('bigint') }}) as total_duration_ms,
        cast(sum(total_tokens) as {{ sql_type('bigint') }}) as total_tokens,
        cast(sum(tool_calls) as {{ sql_type('bigint') }}) as tool_calls,
        cast(sum(tool_call_errors) as {{ sql_type('bigint') }}) as tool_call_errors
    from runs
    group by platform, account, workflow_key, workflow_id, run_date, cost_unit
)

select * from final

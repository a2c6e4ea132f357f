-- One row per node of a B3OS run: a step of the workflow, with what came of it.
with source as (
    {{ raw_table('b3os', 'node_executions') }}
),

worded as (
    select
        *,
        {{ b3os_outcome('status') }} as status_outcome
    from source
),

final as (
    select
        {{ joined_key(["'b3os'", 'account', 'run_id', 'node_index']) }} as tool_call_key,
        {{ joined_key(["'b3os'", 'account', 'run_id']) }} as run_key,
        'b3os' as platform,
        account,
        run_id,
        node_index as call_index,
        node_id as tool_call_id,
        {{ joined_key(["'b3os'", 'account', "coalesce(nullif(trim(type), ''), '(unknown)')"]) }} as tool_key,
        coalesce(nullif(trim(type), ''), '(unknown)') as tool_name,
        input as arguments,
        result,
        case
            when status_outcome in ('failed', 'errored') then true
            when status_outcome = 'passed' then false
        end as is_error,
        duration_ms,
        started_at as called_at,
        status,
        node_id <> 'root' and (started_at is not null or status_outcome in ('passed', 'failed', 'errored'))
            as is_call,
        nullif(trim(error), '') as error_message,
        extra,
        _extracted_at as extracted_at,
        load_id
    from worded
)

select * from final

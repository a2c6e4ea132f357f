-- One row per workflow with runs: how often the first attempt passes, and how often one of all attempts does.
with recursive runs as (
    select
        run_key,
        platform,
        account,
        run_id,
        workflow_key,
        workflow_id,
        outcome,
        retry_of_run_id,
        is_retried
    from {{ counted(ref('fct_runs')) }} as counted_runs
),

workflows as (
    select
        workflow_key,
        workflow_name
    from {{ ref('dim_workflows') }}
),

accounts as (
    select
        platform,
        account,
        count(retry_of_run_id) > 0 as is_linked
    from runs
    group by platform, account
),

-- A run that tries again one that is not there (not loaded, or a simulation) may be any attempt.
beginnings as (
    select
        runs.*,
        runs.retry_of_run_id is null as is_first
    from runs
    left join runs as earlier
        on
            runs.platform = earlier.platform
            and runs.account = earlier.account
            and runs.retry_of_run_id = earlier.run_id
    where earlier.run_key is null
),

-- From each beginning down: a run tries one other again, so that this is a tree, and ends.
retried_attempts as (
    select
        run_key as task_key,
        platform,
        account,
        run_id,
        outcome,
        1 as attempt_number
    from beginnings
    where is_first and is_retried
    union all
    select
        retried_attempts.task_key,
        runs.platform,
        runs.account,
        runs.run_id,
        runs.outcome,
        retried_attempts.attempt_number + 1 as attempt_number
    from retried_attempts
    inner join runs
        on
            retried_attempts.platform = runs.platform
            and retried_attempts.account = runs.account
            and retried_attempts.run_id = runs.retry_of_run_id
),

attempts as (
    select
        task_key,
        outcome,
        attempt_number
    from retried_attempts
    union all
    select
        run_key as task_key,
        outcome,
        1 as attempt_number
    from beginnings
    where is_first and not is_retried
),

tasks as (
    select
        task_key,
        count(*) as attempts,
        max(case when attempt_number = 1 and outcome = 'passed' then 1 else 0 end) as first_passes,
        max(case when outcome = 'passed' then 1 else 0 end) as passes,
        max(case when outcome = 'running' then 1 else 0 end) as open_attempts,
        max(case when outcome in ('partial', 'failed', 'errored') then 1 else 0 end) as failures
    from attempts
    group by task_key
),

-- Passed as soon as one attempt has; not passed when none did, none goes on, and one failed.
states as (
    select
        task_key,
        attempts,
        first_passes = 1 as is_first_passed,
        passes = 1 as is_passed,
        passes = 1 or (open_attempts = 0 and failures = 1) as is_decided,
        passes = 0 and open_attempts = 1 as is_open
    from tasks
),

counts as (
    select
        beginnings.platform,
        beginnings.account,
        beginnings.workflow_key,
        beginnings.workflow_id,
        count(states.task_key) as begun_tasks,
        coalesce(sum(states.attempts), 0) as attempts,
        count(case when states.attempts > 1 then 1 end) as retried_tasks,
        count(case when not beginnings.is_first then 1 end) as tasks_without_beginning,
        count(case when states.is_decided then 1 end) as decided_tasks,
        count(case when states.is_first_passed then 1 end) as first_passed_tasks,
        count(case when states.is_passed then 1 end) as passed_tasks,
        count(case when states.is_open then 1 end) as open_tasks,
        count(case when states.is_decided and not states.is_first_passed and states.attempts > 1 then 1 end)
            as retried_failures
    from beginnings
    left join states on beginnings.run_key = states.task_key
    group by beginnings.platform, beginnings.account, beginnings.workflow_key, beginnings.workflow_id
),

-- Where a platform links no run to another, what was tried again is not known.
known as (
    select
        counts.*,
        accounts.is_linked,
        case when accounts.is_linked then counts.decided_tasks end as rated_tasks,
        counts.passed_tasks - counts.first_passed_tasks as rescued_tasks
    from counts
    inner join accounts
        on
            counts.platform = accounts.platform
            and counts.account = accounts.account
),

final as (
    select
        {{ joined_key(['known.platform', 'known.account', "coalesce(known.workflow_id, '(unknown)')"]) }}
            as retries_key,
        known.platform,
        known.account,
        known.workflow_key,
        known.workflow_id,
        workflows.workflow_name,
        known.is_linked,
        known.begun_tasks,
        cast(known.attempts as {{ sql_type('bigint') }}) as attempts,
        cast(known.attempts - known.begun_tasks as {{ sql_type('bigint') }}) as retries,
        known.retried_tasks,
        known.tasks_without_beginning,
        known.open_tasks,
        known.decided_tasks,
        known.first_passed_tasks,
        {{ safe_divide('known.first_passed_tasks', 'known.rated_tasks') }} as first_pass_rate,
        {{ wilson_low('known.first_passed_tasks', 'known.rated_tasks') }} as first_pass_rate_low,
        {{ wilson_high('known.first_passed_tasks', 'known.rated_tasks') }} as first_pass_rate_high,
        known.passed_tasks,
        {{ safe_divide('known.passed_tasks', 'known.rated_tasks') }} as eventual_pass_rate,
        {{ wilson_low('known.passed_tasks', 'known.rated_tasks') }} as eventual_pass_rate_low,
        {{ wilson_high('known.passed_tasks', 'known.rated_tasks') }} as eventual_pass_rate_high,
        known.retried_failures,
        known.rescued_tasks,
        {{ safe_divide('known.rescued_tasks', 'known.retried_failures') }} as rescue_rate,
        {{ wilson_low('known.rescued_tasks', 'known.retried_failures') }} as rescue_rate_low,
        {{ wilson_high('known.rescued_tasks', 'known.retried_failures') }} as rescue_rate_high,
        known.decided_tasks < {{ var('min_sample') }} as is_small_sample
    from known
    left join workflows on known.workflow_key = workflows.workflow_key
)

select * from final

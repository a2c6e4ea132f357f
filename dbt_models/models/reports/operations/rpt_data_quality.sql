-- One row per platform, account and check: how many findings it has, 0 when there are none, and one of them.
{%- set checks = [
    ('runs_without_time', 'runs', 'warning', 'Runs without a start or an end: in no period, day or window.'),
    ('runs_without_model', 'runs', 'info', 'Runs that name no model: counted as those of (unknown).'),
    ('runs_without_workflow', 'runs', 'warning', 'Runs that name no workflow: in no figure by workflow.'),
    ('runs_of_unknown_status', 'runs', 'error', 'Runs without a status, or with one that runmart does not know: not scored.'),
    ('runs_ended_before_start', 'runs', 'warning', 'Runs that end before they start: their duration is not taken from these times.'),
    ('runs_with_negative_duration', 'runs', 'warning', 'Runs whose stated duration is negative: it is not used.'),
    ('runs_with_negative_cost', 'runs', 'error', 'Runs with a cost below 0: it is added up as it stands.'),
    ('runs_in_the_future', 'runs', 'warning', 'Runs dated more than an hour after they were read: they are in every last period.'),
    ('run_ids_in_several_accounts', 'runs', 'warning', 'Runs whose id another account has too: perhaps one account under two names.'),
    ('evaluations_without_run', 'evaluations', 'error', 'Evaluations whose run was not loaded: in no figure.'),
    ('evaluation_ids_repeated', 'evaluations', 'warning', 'Evaluations of several runs under one id.'),
    ('criteria_without_run', 'evaluation_criteria', 'error', 'Criteria whose run was not loaded.'),
    ('tool_calls_without_run', 'tool_calls', 'error', 'Tool calls whose run was not loaded.'),
    ('tool_calls_with_negative_duration', 'tool_calls', 'warning', 'Tool calls whose stated duration is negative: it is not used.'),
    ('details_unread', 'fetch_errors', 'error', 'Details of runs that could not be read: the next sync tries them again.'),
    ('holes_in_history', 'sync_log', 'error', 'Stretches of time that no sync has read, and the platform no longer lists.'),
    ('last_sync_incomplete', 'sync_log', 'warning', 'The last sync did not read its whole window: sync again.'),
] %}

with platforms as (
    select * from {{ ref('int_platforms') }}
),

checks as (
    {% for name, subject, severity, message in checks %}
        select
            '{{ name }}' as check_name,
            '{{ subject }}' as subject,
            '{{ severity }}' as severity,
            '{{ message }}' as message
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

findings as (
    {% for model in ['int_run_findings', 'int_detail_findings', 'int_sync_findings'] %}
        select
            check_name,
            platform,
            account,
            record_key
        from {{ ref(model) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

counts as (
    select
        check_name,
        platform,
        account,
        count(*) as findings,
        min(record_key) as example_key
    from findings
    group by check_name, platform, account
),

final as (
    select
        {{ joined_key(['platforms.platform', 'platforms.account', 'checks.check_name']) }}
            as data_quality_key,
        platforms.platform,
        platforms.account,
        checks.check_name,
        checks.subject,
        checks.severity,
        coalesce(counts.findings, 0) as findings,
        counts.example_key,
        checks.message,
        platforms.last_synced_at as as_of
    from platforms
    cross join checks
    left join counts
        on
            platforms.platform = counts.platform
            and platforms.account = counts.account
            and checks.check_name = counts.check_name
)

select * from final

-- One row per run that is there or named by a call, criterion or evaluation: a hash of what it is made from.
{{ config(materialized='table') }}

{%- set made_by = code_version(['fct_runs', 'fct_tool_calls', 'fct_criterion_results', 'agg_tool_runs']) %}

-- What facts are made by counts as well as what they are made from: it is all in these views and below them.
with runs as (
    select * from {{ ref('int_runs') }}
),

evaluations as (
    select * from {{ ref('int_evaluations') }}
),

tool_calls as (
    select * from {{ ref('int_tool_calls') }}
),

criteria as (
    select * from {{ ref('int_criterion_results') }}
),

workflows as (
    select * from {{ ref('int_workflows') }}
),

-- What else a run's rows depend on: its workflow's server, and whether another run tries it again.
run_parts as (
    select
        runs.platform,
        runs.account,
        runs.run_id,
        'runs' as part,
        1 as part_rows,
        runs.load_id,
        runs.extracted_at,
        coalesce(workflows.mcp_server_id, '')
        || case when runs.is_retried then '@retried' else '' end as circumstances
    from runs
    left join workflows
        on
            runs.platform = workflows.platform
            and runs.account = workflows.account
            and runs.workflow_id = workflows.workflow_id
),

{% for part in ['evaluations', 'tool_calls', 'criteria'] %}
    {{ part }}_parts as (
        select
            platform,
            account,
            run_id,
            '{{ part }}' as part,
            count(*) as part_rows,
            max(load_id) as load_id,
            max(extracted_at) as extracted_at,
            null as circumstances
        from {{ part }}
        group by platform, account, run_id
    ),
{% endfor %}

parts as (
    {% for part in ['run', 'evaluations', 'tool_calls', 'criteria'] %}
        select
            platform,
            account,
            run_id,
            part,
            part_rows,
            load_id,
            extracted_at,
            circumstances
        from {{ part }}_parts
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

stamped as (
    select
        platform,
        account,
        run_id,
        part,
        cast(part_rows as {{ sql_type('text') }})
        || '@' || coalesce(load_id, '')
        || '@' || coalesce(cast({{ epoch_milliseconds('extracted_at') }} as {{ sql_type('text') }}), '')
        || '@' || coalesce(circumstances, '') as stamp
    from parts
),

accounts_with_calls as (
    select distinct
        platform,
        account
    from tool_calls_parts
),

versions as (
    select
        platform,
        account,
        run_id,
        {% for part in ['runs', 'evaluations', 'tool_calls', 'criteria'] %}
            coalesce(max(case when part = '{{ part }}' then stamp end), '')
            {{ "|| '|' || " if not loop.last }}
        {% endfor %} as stamps
    from stamped
    group by platform, account, run_id
),

final as (
    select
        {{ joined_key(['versions.platform', 'versions.account', 'versions.run_id']) }} as run_key,
        versions.platform,
        versions.account,
        versions.run_id,
        accounts_with_calls.platform is not null as has_loaded_calls,
        -- Runs of an account whose first calls come have none instead of an unknown number.
        {{ text_hash(
            "'" ~ made_by ~ "|' || case when accounts_with_calls.platform is not null then 'calls' else '' end"
            ~ " || '|' || versions.stamps"
        ) }} as record_version
    from versions
    left join accounts_with_calls
        on
            versions.platform = accounts_with_calls.platform
            and versions.account = accounts_with_calls.account
)

select * from final

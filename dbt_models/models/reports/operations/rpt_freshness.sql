-- One row per platform, account and kind of record: how many, how new, and when they were read.
with last_syncs as (
    select * from {{ ref('int_last_syncs') }}
),

-- Criteria and workflows have no time of their own; a workflow is read whenever the list shows it.
readings as (
    {% for subject, model, read_at, event_at in [
        ('runs', 'fct_runs', 'extracted_at', 'run_at'),
        ('evaluations', 'int_evaluations', 'extracted_at', 'evaluated_at'),
        ('evaluation_criteria', 'int_criterion_results', 'extracted_at', none),
        ('tool_calls', 'int_tool_calls', 'extracted_at', 'called_at'),
        ('workflows', 'int_workflows', 'last_seen_at', none),
    ] %}
        select
            records.platform,
            records.account,
            '{{ subject }}' as subject,
            count(*) as records,
            count(case when records.{{ read_at }} >= last_syncs.last_sync_started_at then 1 end)
                as records_in_last_sync,
            max(records.{{ read_at }}) as last_read_at,
            {% if event_at %}
                max(records.{{ event_at }}) as last_event_at
            {% else %}
                cast(null as {{ sql_type('timestamp with time zone') }}) as last_event_at
            {% endif %}
        from {{ ref(model) }} as records
        left join last_syncs
            on
                records.platform = last_syncs.platform
                and records.account = last_syncs.account
        group by records.platform, records.account
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

subjects as (
    {% for subject in ['runs', 'evaluations', 'evaluation_criteria', 'tool_calls', 'workflows'] %}
        select '{{ subject }}' as subject
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        {{ joined_key(['last_syncs.platform', 'last_syncs.account', 'subjects.subject']) }} as freshness_key,
        last_syncs.platform,
        last_syncs.account,
        subjects.subject,
        coalesce(readings.records, 0) as records,
        case
            when last_syncs.last_sync_started_at is not null then coalesce(readings.records_in_last_sync, 0)
        end as records_in_last_sync,
        readings.last_read_at,
        readings.last_event_at,
        {{ safe_divide(
            milliseconds_between('readings.last_event_at', 'last_syncs.last_synced_at'), 60000
        ) }} as event_age_minutes,
        last_syncs.last_sync_started_at,
        last_syncs.last_sync_finished_at,
        last_syncs.is_last_sync_complete,
        last_syncs.last_complete_sync_at,
        last_syncs.last_synced_at as as_of
    from last_syncs
    cross join subjects
    left join readings
        on
            last_syncs.platform = readings.platform
            and last_syncs.account = readings.account
            and subjects.subject = readings.subject
)

select * from final

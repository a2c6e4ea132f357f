-- One row per platform, account and window up to the last sync: good and bad runs, burn rate, alert.
{%- set target = var('slo_target') %}
{%- set allowed = (1 - target) | round(12) %}
{%- set min_events = var('slo_min_events') %}

with platforms as (
    select * from {{ ref('int_platforms') }}
),

-- A run is an event when it ended well or badly: partial is bad; unscored, cancelled and open ones are none.
events as (
    select
        platform,
        account,
        run_at,
        case when outcome = 'passed' then 1 else 0 end as good,
        case when outcome = 'passed' then 0 else 1 end as bad
    from {{ counted(ref('fct_runs')) }} as counted_runs
    where outcome in ('passed', 'partial', 'failed', 'errored')
),

windows as (
    {% for window in var('slo_windows') %}
        select
            platform,
            account,
            last_synced_at,
            cast('{{ window.name }}' as {{ sql_type('text') }}) as window_name,
            {{ window.minutes }} as window_minutes,
            {{ minutes_before('last_synced_at', window.minutes) }} as starts_at,
            cast({{ window.short_minutes or 'null' }} as {{ sql_type('bigint') }}) as short_window_minutes,
            {{ minutes_before('last_synced_at', window.short_minutes or 0) }} as short_starts_at,
            {{ as_double(window.burn_rate or 'null') }} as alert_burn_rate,
            cast({{ "'" ~ window.alert ~ "'" if window.alert else 'null' }} as {{ sql_type('text') }})
                as alert
        from platforms
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Every window of every account: a window without events is a row.
counts as (
    select
        windows.platform,
        windows.account,
        windows.last_synced_at,
        windows.window_name,
        windows.window_minutes,
        windows.starts_at,
        windows.short_window_minutes,
        windows.alert_burn_rate,
        windows.alert,
        count(events.run_at) as events,
        coalesce(sum(events.good), 0) as good_events,
        coalesce(sum(events.bad), 0) as bad_events,
        count(case when events.run_at > windows.short_starts_at then 1 end) as short_events,
        coalesce(sum(case when events.run_at > windows.short_starts_at then events.bad end), 0)
            as short_bad_events
    from windows
    left join events
        on
            windows.platform = events.platform
            and windows.account = events.account
            and windows.starts_at < events.run_at
    group by
        windows.platform,
        windows.account,
        windows.last_synced_at,
        windows.window_name,
        windows.window_minutes,
        windows.starts_at,
        windows.short_window_minutes,
        windows.alert_burn_rate,
        windows.alert
),

rates as (
    select
        *,
        {{ safe_divide('bad_events', 'events') }} / {{ allowed }} as burn_rate,
        case
            when short_window_minutes is not null
                then {{ safe_divide('short_bad_events', 'short_events') }} / {{ allowed }}
        end as short_burn_rate
    from counts
),

final as (
    select
        {{ joined_key(['platform', 'account', 'window_name']) }} as slo_key,
        platform,
        account,
        window_name,
        cast(window_minutes as {{ sql_type('bigint') }}) as window_minutes,
        starts_at,
        last_synced_at as as_of,
        events,
        cast(good_events as {{ sql_type('bigint') }}) as good_events,
        cast(bad_events as {{ sql_type('bigint') }}) as bad_events,
        {{ safe_divide('good_events', 'events') }} as sli,
        {{ wilson_low('good_events', 'events') }} as sli_low,
        {{ wilson_high('good_events', 'events') }} as sli_high,
        {{ as_double(target) }} as slo_target,
        {{ as_double('events') }} * {{ allowed }} as error_budget,
        1 - burn_rate as budget_remaining,
        burn_rate,
        short_window_minutes,
        case when short_window_minutes is not null then short_events end as short_events,
        case
            when short_window_minutes is not null then cast(short_bad_events as {{ sql_type('bigint') }})
        end as short_bad_events,
        short_burn_rate,
        alert_burn_rate,
        events < {{ min_events }} as is_small_sample,
        case
            when
                events >= {{ min_events }}
                and burn_rate > alert_burn_rate
                and short_burn_rate > alert_burn_rate
                then alert
            else 'none'
        end as alert_level
    from rates
)

select * from final

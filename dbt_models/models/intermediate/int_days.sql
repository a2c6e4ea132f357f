-- One row per platform, account and day (UTC) from its first run to its last sync, with or without runs.
{{ config(materialized='table') }}

with platforms as (
    select * from {{ ref('int_platforms') }}
),

numbers as (
    {{ whole_numbers(var('calendar_days')) }}
),

spans as (
    select
        platform,
        account,
        first_run_date,
        {{ utc_date('last_synced_at') }} as last_date
    from platforms
    where first_run_date is not null
),

-- Counted back from the last day, so that one run with an absurd date does not make it long.
days as (
    select
        spans.platform,
        spans.account,
        spans.first_run_date,
        numbers.number as days_ago,
        {{ days_earlier('spans.last_date', 'numbers.number') }} as run_date
    from spans
    cross join numbers
),

final as (
    select
        {{ joined_key(['platform', 'account', 'run_date']) }} as day_key,
        platform,
        account,
        run_date,
        {{ first_day_of_week('run_date') }} as week_start_date,
        {{ first_day_of_month('run_date') }} as month_start_date,
        days_ago
    from days
    where run_date >= first_run_date
)

select * from final

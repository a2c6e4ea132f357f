-- One row per day (UTC) that any account's calendar has: the time spine of the semantic layer.
with days as (
    select * from {{ ref('int_days') }}
),

final as (
    select distinct
        run_date as date_day,
        week_start_date,
        month_start_date
    from days
)

select * from final

-- One row per EigenPal run that people have reviewed: its review as last seen, and whether it is still there.
with reviews as (
    select * from {{ ref('stg_eigenpal__reviews') }}
),

-- A run that shows no review any more; servers that do not tell of all reviews do not tell `finished` either.
unreviewed as (
    select
        run_key,
        is_finished
    from {{ ref('stg_eigenpal__runs') }}
    where review_status is null and review_verdict is null
),

final as (
    select
        reviews.run_key,
        reviews.platform,
        reviews.account,
        reviews.run_id,
        reviews.review_id,
        reviews.verdict,
        reviews.status,
        reviews.note,
        reviews.corrected_output,
        reviews.correction_count,
        reviews.reviewed_by_id,
        reviews.reviewed_by_email,
        reviews.reviewed_at,
        reviews.closed_by_id,
        reviews.closed_by_email,
        reviews.closed_at,
        reviews.closed_note,
        reviews.created_at,
        reviews.updated_at,
        unreviewed.run_key is null or (reviews.verdict is null and unreviewed.is_finished is null)
            as is_current,
        reviews.extra,
        reviews.extracted_at
    from reviews
    left join unreviewed on reviews.run_key = unreviewed.run_key
)

select * from final

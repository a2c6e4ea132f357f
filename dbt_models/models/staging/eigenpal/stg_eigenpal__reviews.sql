-- One row per EigenPal run that people have reviewed: what was last seen of its review.
with source as (
    {{ raw_table('eigenpal', 'reviews') }}
),

runs as (
    {{ raw_table('eigenpal', 'runs') }}
),

-- A run that shows no review any more; servers that do not tell of all reviews do not tell `finished` either.
unreviewed as (
    select
        account,
        run_id,
        finished
    from runs
    where review_status is null and review_verdict is null
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'source.account', 'source.run_id']) }} as run_key,
        'eigenpal' as platform,
        source.account,
        source.run_id,
        source.review_id,
        source.verdict,
        source.status,
        source.note,
        source.corrected_output,
        source.correction_count,
        source.reviewed_by_id,
        source.reviewed_by_email,
        source.reviewed_at,
        source.closed_by_id,
        source.closed_by_email,
        source.closed_at,
        source.closed_note,
        source.created_at,
        source.updated_at,
        unreviewed.run_id is null or (source.verdict is null and unreviewed.finished is null)
            as is_current,
        source.extra,
        source._extracted_at as extracted_at
    from source
    left join unreviewed on source.account = unreviewed.account and source.run_id = unreviewed.run_id
)

select * from final

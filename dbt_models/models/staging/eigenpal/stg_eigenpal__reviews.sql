-- One row per EigenPal run that people have reviewed: what was last seen of its review.
with source as (
    {{ raw_table('eigenpal', 'reviews') }}
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'run_id']) }} as run_key,
        'eigenpal' as platform,
        account,
        run_id,
        review_id,
        verdict,
        status,
        note,
        corrected_output,
        correction_count,
        reviewed_by_id,
        reviewed_by_email,
        reviewed_at,
        closed_by_id,
        closed_by_email,
        closed_at,
        closed_note,
        created_at,
        updated_at,
        extra,
        _extracted_at as extracted_at
    from source
)

select * from final

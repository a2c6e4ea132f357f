-- One row per correction of an EigenPal run's field or file by its reviewer, in the API's order.
with source as (
    {{ raw_table('eigenpal', 'review_corrections') }}
),

runs as (
    {{ raw_table('eigenpal', 'runs') }}
),

reviews as (
    {{ raw_table('eigenpal', 'reviews') }}
),

-- How many corrections a review has now; none when the run shows no review any more.
counted as (
    select
        reviews.account,
        reviews.run_id,
        case
            when
                runs.run_id is not null
                and runs.review_status is null
                and runs.review_verdict is null
                and (reviews.verdict is not null or runs.finished is not null)
                then 0
            else reviews.correction_count
        end as corrections
    from reviews
    left join runs on reviews.account = runs.account and reviews.run_id = runs.run_id
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'source.account', 'source.run_id', 'source.correction_index']) }}
            as correction_key,
        {{ joined_key(["'eigenpal'", 'source.account', 'source.run_id']) }} as run_key,
        'eigenpal' as platform,
        source.account,
        source.run_id,
        source.correction_index,
        source.correction_id,
        source.kind,
        source.path,
        source.label,
        source.original_value,
        source.corrected_value,
        source.note,
        source.corrected_artifact_path,
        source.created_at,
        source.updated_at,
        counted.run_id is null or source.correction_index < counted.corrections as is_current,
        source.extra,
        source._extracted_at as extracted_at
    from source
    left join counted on source.account = counted.account and source.run_id = counted.run_id
)

select * from final

-- One row per correction of an EigenPal run's field or file by its reviewer, and whether it is still there.
with corrections as (
    select * from {{ ref('stg_eigenpal__review_corrections') }}
),

-- How many corrections a review has now; none when the run shows no review any more.
counted as (
    select
        run_key,
        case when is_current then correction_count else 0 end as corrections
    from {{ ref('int_eigenpal_reviews') }}
),

final as (
    select
        corrections.correction_key,
        corrections.run_key,
        corrections.platform,
        corrections.account,
        corrections.run_id,
        corrections.correction_index,
        corrections.correction_id,
        corrections.kind,
        corrections.path,
        corrections.label,
        corrections.original_value,
        corrections.corrected_value,
        corrections.note,
        corrections.corrected_artifact_path,
        corrections.created_at,
        corrections.updated_at,
        counted.run_key is null or corrections.correction_index < counted.corrections as is_current,
        corrections.extra,
        corrections.extracted_at
    from corrections
    left join counted on corrections.run_key = counted.run_key
)

select * from final

-- One row per evaluated run of Armature: the judge's verdict.
with source as (
    {{ raw_table('armature', 'evaluations') }}
),

final as (
    select
        {{ joined_key(["'armature'", 'account', 'run_id']) }} as run_key,
        'armature' as platform,
        account,
        run_id,
        evaluation_id,
        verdict,
        {{ armature_outcome('verdict') }} as verdict_outcome,
        score,
        judge_model,
        evaluated_at,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

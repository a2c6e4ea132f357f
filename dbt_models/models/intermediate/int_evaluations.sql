-- One row per evaluated run, of every platform.
with final as (
    {{ union_platforms(
        ['stg_armature__evaluations', 'int_runflow_current_evaluations'],
        [
            'run_key', 'platform', 'account', 'run_id', 'evaluation_id', 'verdict', 'verdict_outcome', 'score',
            'judge_model', 'evaluated_at', 'extracted_at', 'load_id',
        ],
    ) }}
)

select * from final

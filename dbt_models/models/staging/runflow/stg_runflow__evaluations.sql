-- One row per evaluation of a Runflow run: every attempt, superseded ones too.
with source as (
    {{ raw_table('runflow', 'evaluations') }}
),

final as (
    select
        {{ joined_key(["'runflow'", 'account', 'run_id', 'evaluation_id']) }} as evaluation_key,
        {{ joined_key(["'runflow'", 'account', 'run_id']) }} as run_key,
        'runflow' as platform,
        account,
        run_id,
        evaluation_id,
        case when overall_passed then 'passed' when not overall_passed then 'failed' end as verdict,
        superseded_at is not null as is_superseded,
        row_number() over (
            partition by account, run_id
            order by
                case when superseded_at is null then 0 else 1 end asc,
                case when completed_at is null then 1 else 0 end asc,
                coalesce(attempt_number, 0) desc,
                coalesce(submitted_at, created_at, completed_at) desc,
                evaluation_id desc
        ) as place,
        attempt_number,
        parent_evaluation_id,
        status,
        overall_passed,
        weighted_pass_rate,
        created_at,
        submitted_at,
        completed_at,
        updated_at,
        superseded_at,
        duration_ms,
        cost,
        target_type,
        flow_id,
        model_id,
        comfyui_workflow_id,
        task_type,
        task_description,
        generation_prompt,
        generated_image_url,
        evaluation_instructions,
        input_attributes,
        reference_images,
        override_reason,
        primary_action,
        top_issues,
        top_strengths,
        check_summary,
        hard_gate_failures,
        analysis_modules_executed,
        feedback_is_positive,
        feedback_reason,
        org_id,
        client_ref,
        callback_url,
        links,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

-- One row per run of an EigenPal workflow or agent, in its latest known state.
with source as (
    {{ raw_table('eigenpal', 'runs') }}
),

spoken as (
    select
        *,
        -- People know better than evaluators.
        case
            when review_verdict is not null then review_verdict
            when eval_passed then 'pass'
            when not eval_passed then 'fail'
        end as verdict,
        case
            when experiment_id is not null or eval_example_id is not null or eval_example is not null
                then 'experiment'
            else 'production'
        end as purpose
    from source
),

final as (
    select
        {{ joined_key(["'eigenpal'", 'account', 'run_id']) }} as run_key,
        'eigenpal' as platform,
        account,
        run_id,
        {{ joined_key(["'eigenpal'", 'account', 'automation_id']) }} as workflow_key,
        automation_id as workflow_id,
        nullif(trim(automation_name), '') as workflow_name,
        coalesce(automation_version_id, commit_sha, automation_version) as workflow_version_id,
        {{ joined_key(["'eigenpal'", 'account', "coalesce(nullif(trim(model), ''), '(unknown)')"]) }}
            as model_key,
        coalesce(nullif(trim(model), ''), '(unknown)') as model,
        type as automation_type,
        status,
        {{ eigenpal_outcome('status') }} as status_outcome,
        finished as is_finished,
        verdict,
        {{ eigenpal_outcome('verdict') }} as verdict_outcome,
        eval_passed,
        review_verdict,
        review_status,
        review_correction_count,
        cast(null as {{ sql_type('text') }}) as classification,
        trigger_type,
        purpose,
        experiment_id,
        retry_number + 1 as attempt,
        previous_run_id as retry_of_run_id,
        created_at,
        coalesce(started_at, created_at) as started_at,
        ended_at,
        duration_ms,
        credits_charged as cost,
        'credits' as cost_unit,
        eval_score as score,
        input_tokens,
        output_tokens,
        input_tokens + output_tokens as total_tokens,
        error as error_message,
        extra,
        _extracted_at as extracted_at,
        load_id
    from spoken
)

select * from final

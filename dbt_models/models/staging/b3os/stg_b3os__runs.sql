-- One row per run of a B3OS workflow, in its latest known state.
with source as (
    {{ raw_table('b3os', 'runs') }}
),

final as (
    select
        {{ joined_key(["'b3os'", 'account', 'run_id']) }} as run_key,
        'b3os' as platform,
        account,
        run_id,
        {{ joined_key(["'b3os'", 'account', 'workflow_id']) }} as workflow_key,
        workflow_id,
        cast(null as {{ sql_type('text') }}) as workflow_name,
        cast(workflow_version as {{ sql_type('text') }}) as workflow_version_id,
        {{ joined_key(["'b3os'", 'account', "'(unknown)'"]) }} as model_key,
        '(unknown)' as model,
        status,
        {{ b3os_outcome('status') }} as status_outcome,
        cast(null as {{ sql_type('text') }}) as verdict,
        cast(null as {{ sql_type('text') }}) as verdict_outcome,
        cast(null as {{ sql_type('text') }}) as classification,
        trigger_source as trigger_type,
        case
            when is_simulation then 'simulation'
            when is_dust_test then 'dust_test'
            else 'production'
        end as purpose,
        cast(null as {{ sql_type('bigint') }}) as attempt,
        source_run_id as retry_of_run_id,
        started_at,
        ended_at,
        duration_ms,
        cost,
        'compute_units' as cost_unit,
        cast(null as {{ sql_type('double precision') }}) as score,
        cast(null as {{ sql_type('bigint') }}) as input_tokens,
        cast(null as {{ sql_type('bigint') }}) as output_tokens,
        cast(null as {{ sql_type('bigint') }}) as total_tokens,
        nullif(trim(error), '') as error_message,
        triggered_by,
        simulation_mode,
        organization_id,
        prop_values,
        simulation_forks,
        workflow_definition,
        extra,
        _extracted_at as extracted_at,
        load_id
    from source
)

select * from final

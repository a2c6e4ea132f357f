-- Every raw criterion of an evaluation is in the facts, once.
with counts as (
    {% for platform, table in {'armature': 'evaluation_criteria', 'eigenpal': 'scores'}.items() %}
        select
            '{{ platform }}' as platform,
            account,
            count(*) as criteria
        from (
            {{ raw_table(platform, table) }}
        ) as raw_criteria
        group by account
        union all
    {% endfor %}
    {% if is_loaded('runflow') %}
        -- Judges of evaluations that were superseded are not there: only its own model knows which those are.
        select
            platform,
            account,
            count(*) as criteria
        from {{ ref('int_runflow_criterion_results') }}
        group by platform, account
        union all
    {% endif %}
    select
        platform,
        account,
        count(*) as criteria
    from {{ ref('fct_criterion_results') }}
    group by platform, account
),

final as (
    select
        platform,
        account,
        count(*) as places,
        min(criteria) as fewest_criteria,
        max(criteria) as most_criteria
    from counts
    group by platform, account
    having count(*) <> 2 or min(criteria) <> max(criteria)
)

select * from final

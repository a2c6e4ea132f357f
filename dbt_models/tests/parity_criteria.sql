-- Every raw criterion of an evaluation is in the facts, once.
with counts as (
    {% for platform in ['armature'] %}
        select
            '{{ platform }}' as platform,
            account,
            count(*) as criteria
        from (
            {{ raw_table(platform, 'evaluation_criteria') }}
        ) as raw_criteria
        group by account
        union all
    {% endfor %}
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

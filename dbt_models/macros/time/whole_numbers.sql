{#- A query of the whole numbers from 0 to less than a count (of up to 10,000), in a column `number`. -#}
{% macro whole_numbers(count) -%}
    {%- set digits = 'select ' ~ range(10) | join(' as digit union all select ') ~ ' as digit' -%}
    select number
    from (
        select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as number
        from ({{ digits }}) as ones
        cross join ({{ digits }}) as tens
        cross join ({{ digits }}) as hundreds
        cross join ({{ digits }}) as thousands
    ) as counted
    where number < {{ count }}
{%- endmacro %}

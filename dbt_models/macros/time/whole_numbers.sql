{#- A query of the whole numbers from 0 to less than a count (of up to 10,000), in a column `number`. -#}
{% macro whole_numbers(count) -%}
    select number
    from (
        select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as number
        from
            {% for place in ['ones', 'tens', 'hundreds', 'thousands'] %}
            (
                {%- for digit in range(10) %}
                select {{ digit }} as digit {{ 'union all' if not loop.last }}
                {%- endfor %}
            ) as {{ place }} {{ 'cross join' if not loop.last }}
            {% endfor %}
    ) as counted
    where number < {{ count }}
{%- endmacro %}

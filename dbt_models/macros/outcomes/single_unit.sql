{#- An aggregate: the unit that all rows share; null when they have several, so that nobody adds them up. -#}
{% macro single_unit(unit) -%}
    case when min({{ unit }}) = max({{ unit }}) then min({{ unit }}) end
{%- endmacro %}

{#- An aggregate: the sum of a cost whose rows share one unit; null when they have several. -#}
{% macro single_unit_sum(cost, unit) -%}
    cast(
        case when min({{ unit }}) = max({{ unit }}) then sum({{ cost }}) end as {{ sql_type('decimal(38, 9)') }}
    )
{%- endmacro %}

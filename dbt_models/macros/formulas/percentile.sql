{#- Exact percentile of a group, linear between neighbours; nulls are left out. An aggregate. -#}
{% macro percentile(column, fraction) -%}
    {{ return(adapter.dispatch('percentile', 'runmart')(column, fraction)) }}
{%- endmacro %}

{% macro default__percentile(column, fraction) -%}
    percentile_cont({{ fraction }}) within group (order by {{ column }})
{%- endmacro %}

{#- Variance of a pass rate of c in n independent runs: p(1−p)/n, p = c/n. Null when n is 0. -#}
{% macro rate_variance(c, n) -%}
    {{ return(adapter.dispatch('rate_variance', 'runmart')(c, n)) }}
{%- endmacro %}

{% macro default__rate_variance(c, n) -%}
    {{ as_double(c) }} * ({{ n }} - {{ c }}) / nullif({{ as_double(n) }} * {{ n }} * {{ n }}, 0)
{%- endmacro %}

{#- A quotient in double precision; null when there is nothing to divide by. -#}
{% macro safe_divide(numerator, denominator) -%}
    {{ return(adapter.dispatch('safe_divide', 'runmart')(numerator, denominator)) }}
{%- endmacro %}

{% macro default__safe_divide(numerator, denominator) -%}
    {{ as_double(numerator) }} / nullif({{ as_double(denominator) }}, 0)
{%- endmacro %}

{#-
  How undecided c passes in n runs are: 4p(1−p), p = c/n: 0 when all or none passed, 1 when half did. One less
  the outcome consistency of HAL. Null when n is 0.
-#}
{% macro flakiness(c, n) -%}
    {{ return(adapter.dispatch('flakiness', 'runmart')(c, n)) }}
{%- endmacro %}

{% macro default__flakiness(c, n) -%}
    {{ as_double(4) }} * {{ c }} * ({{ n }} - {{ c }}) / nullif({{ as_double(n) }} * {{ n }}, 0)
{%- endmacro %}

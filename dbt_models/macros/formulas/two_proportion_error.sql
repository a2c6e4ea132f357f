{#-
  Standard error that two_proportion_z divides by, with the pooled variance: √(p(1−p)(1/n1 + 1/n2)),
  p = (c1+c2)/(n1+n2). Null when either has no runs; 0 when all runs of both passed, or none.
-#}
{% macro two_proportion_error(c1, n1, c2, n2) -%}
    {{ return(adapter.dispatch('two_proportion_error', 'runmart')(c1, n1, c2, n2)) }}
{%- endmacro %}

{% macro default__two_proportion_error(c1, n1, c2, n2) -%}
    {%- set passes = as_double(c1 ~ ' + ' ~ c2) -%}
    {%- set runs = as_double(n1 ~ ' + ' ~ n2) -%}
    case
        when {{ n1 }} > 0 and {{ n2 }} > 0
            then
                sqrt({{ passes }} * ({{ runs }} - {{ passes }}) / ({{ runs }} * {{ as_double(n1) }} * {{ n2 }}))
    end
{%- endmacro %}

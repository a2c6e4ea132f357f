{#-
  z of the difference c1/n1 − c2/n2 of two independent pass rates, with the pooled variance:
  (p1 − p2) / √(p(1−p)(1/n1 + 1/n2)), p = (c1+c2)/(n1+n2). Null when either has no runs; 0 when all runs of both
  passed, or none: they do not differ. Give it to normal_tail for the p-value.
-#}
{% macro two_proportion_z(c1, n1, c2, n2) -%}
    {{ return(adapter.dispatch('two_proportion_z', 'runmart')(c1, n1, c2, n2)) }}
{%- endmacro %}

{% macro default__two_proportion_z(c1, n1, c2, n2) -%}
    {%- set passes = as_double(c1 ~ ' + ' ~ c2) -%}
    {%- set runs = as_double(n1 ~ ' + ' ~ n2) -%}
    {%- set difference = '(' ~ as_double(c1) ~ ' * ' ~ n2 ~ ' - ' ~ as_double(c2) ~ ' * ' ~ n1 ~ ')' -%}
    case
        when {{ n1 }} > 0 and {{ n2 }} > 0 and ({{ passes }} = 0 or {{ passes }} = {{ runs }}) then 0
        when {{ n1 }} > 0 and {{ n2 }} > 0
            then
                {{ difference }} * sqrt({{ runs }})
                / sqrt({{ passes }} * ({{ runs }} - {{ passes }}) * {{ as_double(n1) }} * {{ n2 }})
    end
{%- endmacro %}

{#-
  How many independent runs would give a pass rate of c in n this standard error: p(1−p)/SE², with p = c/n.

  At most n: clusters that resemble each other less than chance are no reason for a narrower interval. n when
  nothing or everything passed, where clusters cannot differ. Null without a standard error.
-#}
{% macro effective_n(c, n, stderr) -%}
    {{ return(adapter.dispatch('effective_n', 'runmart')(c, n, stderr)) }}
{%- endmacro %}

{% macro default__effective_n(c, n, stderr) -%}
    {%- set variance = as_double(c) ~ ' * (' ~ n ~ ' - ' ~ c ~ ')' -%}
    {%- set runs = as_double(n) -%}
    case
        when {{ stderr }} is null or {{ n }} = 0 then null
        when {{ variance }} >= {{ runs }} * {{ runs }} * {{ runs }} * {{ stderr }} * {{ stderr }} or {{ c }} = 0 or {{ c }} = {{ n }}
            then {{ runs }}
        else {{ variance }} / ({{ runs }} * {{ runs }} * {{ stderr }} * {{ stderr }})
    end
{%- endmacro %}

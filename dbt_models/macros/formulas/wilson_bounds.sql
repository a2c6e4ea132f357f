{#-
  Bounds of Wilson's 95 % score interval for c passes in n runs; null when n is 0:
  (c + z²/2 ± z·√(c(n−c)/n + z²/4)) / (n + z²), with z = Φ⁻¹(0.975) (Wilson 1927).

  No pass has the lower bound 0, and no failure the upper bound 1, without what rounding leaves. With an
  effective n, the share c/n is kept and n is replaced by it (clustered_wilson).
-#}
{% macro wilson_low(c, n) -%}
    {{ return(adapter.dispatch('wilson_bound', 'runmart')(c, n, '-')) }}
{%- endmacro %}

{% macro wilson_high(c, n) -%}
    {{ return(adapter.dispatch('wilson_bound', 'runmart')(c, n, '+')) }}
{%- endmacro %}

{% macro default__wilson_bound(c, n, sign, effective_n=none) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set runs = as_double(effective_n or n) -%}
    {%- set passes = as_double(c) ~ (' * ' ~ runs ~ ' / ' ~ n if effective_n else '') -%}
    {%- set spread = 'sqrt(' ~ passes ~ ' * (' ~ n ~ ' - ' ~ c ~ ') / ' ~ n ~ ' + ' ~ z * z / 4 ~ ')' -%}
    {%- set bound, extreme = (0, '0') if sign == '-' else (1, n) -%}
    case
        when {{ effective_n or n }} > 0 and {{ c }} = {{ extreme }} then {{ bound }}
        when {{ effective_n or n }} > 0
            then ({{ passes }} + {{ z * z / 2 }} {{ sign }} {{ z }} * {{ spread }}) / ({{ runs }} + {{ z * z }})
    end
{%- endmacro %}

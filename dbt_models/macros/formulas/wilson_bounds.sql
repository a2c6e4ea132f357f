{#-
  Bounds of Wilson's 95 % score interval for c passes in n runs; null when n is 0:
  (c + z²/2 ± z·√(c(n−c)/n + z²/4)) / (n + z²), with z = Φ⁻¹(0.975) (Wilson 1927).

  No pass has the lower bound 0, and no failure the upper bound 1, without what rounding leaves.
-#}
{% macro wilson_low(c, n) -%}
    {{ return(adapter.dispatch('wilson_bound', 'runmart')(c, n, '-')) }}
{%- endmacro %}

{% macro wilson_high(c, n) -%}
    {{ return(adapter.dispatch('wilson_bound', 'runmart')(c, n, '+')) }}
{%- endmacro %}

{% macro default__wilson_bound(c, n, sign) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set passes = 'cast(' ~ c ~ ' as double precision)' -%}
    {%- set runs = 'cast(' ~ n ~ ' as double precision)' -%}
    {%- set spread = 'sqrt(' ~ passes ~ ' * (' ~ n ~ ' - ' ~ c ~ ') / ' ~ n ~ ' + ' ~ z * z / 4 ~ ')' -%}
    case
        when {{ n }} > 0 and {{ c }} = {{ '0' if sign == '-' else n }} then {{ '0' if sign == '-' else '1' }}
        when {{ n }} > 0 then ({{ passes }} + {{ z * z / 2 }} {{ sign }} {{ z }} * {{ spread }}) / ({{ runs }} + {{ z * z }})
    end
{%- endmacro %}

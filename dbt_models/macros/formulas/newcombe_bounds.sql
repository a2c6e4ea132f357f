{#-
  Bounds of the 95 % interval of a difference p1 − p2 of two independent shares, from each share's own Wilson
  bounds: (p1 − p2) − √((p1 − low1)² + (high2 − p2)²) below, the mirror image above (Newcombe 1998, method 10).

  Stays within −1 and 1, and is right for small groups and shares of 0 or 1. Null when either share is.
  Arguments are columns.
-#}
{% macro newcombe_low(p1, low1, p2, high2) -%}
    {{ return(adapter.dispatch('newcombe_bound', 'runmart')(p1, low1, p2, high2, '-')) }}
{%- endmacro %}

{% macro newcombe_high(p1, high1, p2, low2) -%}
    {{ return(adapter.dispatch('newcombe_bound', 'runmart')(p1, high1, p2, low2, '+')) }}
{%- endmacro %}

{% macro default__newcombe_bound(p1, bound1, p2, bound2, sign) -%}
    {{ p1 }} - {{ p2 }} {{ sign }} sqrt(
        ({{ bound1 }} - {{ p1 }}) * ({{ bound1 }} - {{ p1 }}) + ({{ bound2 }} - {{ p2 }}) * ({{ bound2 }} - {{ p2 }})
    )
{%- endmacro %}

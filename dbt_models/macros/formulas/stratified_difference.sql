{#-
  Difference of two pass rates within strata (here: workflows), so that one side's harder workflows are not
  held against it: Σ w·(c1/n1 − c2/n2) / Σ w over the strata, w = n1·n2/(n1 + n2) (Mantel and Haenszel 1959).

  An aggregate over one row per stratum; a stratum with one side only weighs nothing. Null when no stratum has
  both sides.
-#}
{% macro stratified_difference(c1, n1, c2, n2) -%}
    {{ return(adapter.dispatch('stratified_difference', 'runmart')(c1, n1, c2, n2)) }}
{%- endmacro %}

{% macro default__stratified_difference(c1, n1, c2, n2) -%}
    sum(({{ as_double(c1) }} * {{ n2 }} - {{ as_double(c2) }} * {{ n1 }}) / nullif({{ n1 }} + {{ n2 }}, 0))
    / nullif(sum({{ as_double(n1) }} * {{ n2 }} / nullif({{ n1 }} + {{ n2 }}, 0)), 0)
{%- endmacro %}

{#-
  Its standard error, after Sato, Greenland and Robins (Biometrics 1989), which holds for few large strata and
  for many small ones: √((d·ΣP + ΣQ) / (Σw)²), with d the difference,
  P = (n1²·c2 − n2²·c1 + n1·n2·(n2 − n1)/2) / N² and Q = (c1·(n2 − c2) + c2·(n1 − c1)) / 2N.
  0 when every run of every shared stratum has the same result: the data then say nothing of the spread.
-#}
{% macro stratified_stderr(c1, n1, c2, n2) -%}
    {{ return(adapter.dispatch('stratified_stderr', 'runmart')(c1, n1, c2, n2)) }}
{%- endmacro %}

{% macro default__stratified_stderr(c1, n1, c2, n2) -%}
    {%- set a, m, b, n = as_double(c1), as_double(n1), as_double(c2), as_double(n2) -%}
    {%- set whole = 'nullif(' ~ n1 ~ ' + ' ~ n2 ~ ', 0)' -%}
    {%- set shared = 'case when ' ~ n1 ~ ' > 0 and ' ~ n2 ~ ' > 0 then ' -%}
    sqrt(abs(
        ({{ stratified_difference(c1, n1, c2, n2) }})
        * sum({{ shared }} ({{ m }} * {{ m }} * {{ b }} - {{ n }} * {{ n }} * {{ a }} + {{ m }} * {{ n }} * ({{ n }} - {{ m }}) / 2) / {{ whole }} / {{ whole }} end)
        + sum({{ shared }} ({{ a }} * ({{ n }} - {{ b }}) + {{ b }} * ({{ m }} - {{ a }})) / 2 / {{ whole }} end)
    ))
    / nullif(sum({{ as_double(n1) }} * {{ n2 }} / {{ whole }}), 0)
{%- endmacro %}

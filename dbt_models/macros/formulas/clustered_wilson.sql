{#-
  Bounds of the 95 % interval of a pass rate c/n whose runs come in clusters: Wilson's, with the effective n
  of the clustered standard error (Korn and Graubard 1998 do the same to the exact interval of surveys).
  Unlike c/n ± 1.96·SE it stays within 0 and 1. Null when there are fewer than two clusters.

  The quantile is the normal one (1.96), not Student's: with a handful of clusters it is still too narrow.
-#}
{% macro clustered_wilson_low(c, n, stderr) -%}
    {{ return(adapter.dispatch('wilson_bound', 'runmart')(c, n, '-', effective_n(c, n, stderr))) }}
{%- endmacro %}

{% macro clustered_wilson_high(c, n, stderr) -%}
    {{ return(adapter.dispatch('wilson_bound', 'runmart')(c, n, '+', effective_n(c, n, stderr))) }}
{%- endmacro %}

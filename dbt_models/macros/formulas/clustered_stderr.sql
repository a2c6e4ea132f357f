{#-
  Standard error of a pass rate whose runs come in clusters (repeats of one workflow resemble each other):
  √(C/(C−1) · Σ over clusters of (c_i − n_i·c/n)²) / n. Null when there are fewer than two clusters: one says
  nothing of how they differ (arXiv 2411.00640, appendix A, with the correction for few clusters).

  An aggregate over one row per cluster. `c_i` and `n_i` are the cluster's passes and scored runs, `c` and `n`
  columns (not aggregates) with those of all clusters together, the same in each row.
-#}
{% macro clustered_stderr(c_i, n_i, c, n) -%}
    {{ return(adapter.dispatch('clustered_stderr', 'runmart')(c_i, n_i, c, n)) }}
{%- endmacro %}

{% macro default__clustered_stderr(c_i, n_i, c, n) -%}
    {#- The difference of two whole numbers: exactly 0 where every cluster has the same rate. -#}
    {%- set residual = '(' ~ as_double(c_i) ~ ' * ' ~ n ~ ' - ' ~ as_double(n_i) ~ ' * ' ~ c ~ ')' -%}
    {%- set residual = residual ~ ' / nullif(' ~ as_double(n) ~ ', 0)' -%}
    case
        when count({{ n_i }}) > 1
            then
                sqrt({{ as_double('count(' ~ n_i ~ ')') }} / nullif(count({{ n_i }}) - 1, 0) * sum({{ residual }} * {{ residual }}))
                / nullif({{ as_double('max(' ~ n ~ ')') }}, 0)
    end
{%- endmacro %}

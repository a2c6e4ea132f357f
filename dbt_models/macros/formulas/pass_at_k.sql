{#-
  pass@k: the chance that at least one of k runs, drawn without replacement from n scored runs of which
  c passed, is a pass: 1 − C(n−c, k) / C(n, k). Null when n < k. Unbiased (arXiv 2107.03374).

  Unrolled to a product of k ratios, which no engine overflows on; one of them is 0 when n − c < k.
-#}
{% macro pass_at_k(n, c, k) -%}
    {{ return(adapter.dispatch('pass_at_k', 'runmart')(n, c, k)) }}
{%- endmacro %}

{% macro default__pass_at_k(n, c, k) -%}
    case
        when {{ n }} >= {{ k }} then 1
        {%- for i in range(k) %}
            {{ '-' if loop.first else '*' }} cast({{ n }} - {{ c }} - {{ i }} as double precision) / ({{ n }} - {{ i }})
        {%- endfor %}
    end
{%- endmacro %}

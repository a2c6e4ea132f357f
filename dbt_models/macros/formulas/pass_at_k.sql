{#-
  pass@k: the chance that at least one of k runs, drawn without replacement from n scored runs of which
  c passed, is a pass: 1 − C(n−c, k) / C(n, k). Null when n < k. Unbiased (arXiv 2107.03374).

  That is 1 less the chance that all of k runs are failures, which pass_hat_k knows.
-#}
{% macro pass_at_k(n, c, k) -%}
    {{ return(adapter.dispatch('pass_at_k', 'runmart')(n, c, k)) }}
{%- endmacro %}

{% macro default__pass_at_k(n, c, k) -%}
    1 - {{ pass_hat_k(n, '(' ~ n ~ ' - ' ~ c ~ ')', k) }}
{%- endmacro %}

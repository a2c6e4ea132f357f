{#-
  pass^k: the chance that all of k runs, drawn without replacement from n scored runs of which c passed,
  are passes: C(c, k) / C(n, k). Null when n < k. Unbiased, unlike (c/n)^k (arXiv 2406.12045).
-#}
{% macro pass_hat_k(n, c, k) -%}
    {{ return(adapter.dispatch('pass_hat_k', 'runmart')(n, c, k)) }}
{%- endmacro %}

{% macro default__pass_hat_k(n, c, k) -%}
    case
        when {{ n }} >= {{ k }} and {{ c }} < {{ k }} then 0
        when {{ n }} >= {{ k }} then 1
        {% for i in range(k) %}
            * {{ as_double(c ~ ' - ' ~ i) }} / ({{ n }} - {{ i }})
        {% endfor %}
    end
{%- endmacro %}

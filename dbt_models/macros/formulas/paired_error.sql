{#-
  Mean of the differences between pairs, and its standard error, where a pair is a pass rate before and after,
  each of several runs. Aggregates over one row per pair.

  The error is that of the spread between pairs (s/√T, paired_stderr). With fewer than 30 pairs, or no spread, it
  is at least that of the runs behind them, √Σ(p(1−p)/n, of both sides)/T: two or three pairs that happen to agree
  would prove anything. Null when T < 2, and when both are 0: there is nothing to measure by.

  `difference` and `variance` (the sum of both sides' rate_variance) should be columns: they are written out often.
-#}
{% macro paired_error(difference, variance) -%}
    {{ return(adapter.dispatch('paired_error', 'runmart')(difference, variance)) }}
{%- endmacro %}

{% macro default__paired_error(difference, variance) -%}
    {%- set pairs = 'count(' ~ difference ~ ')' -%}
    {#- Equal differences of fractions can differ in the last digit of a double. -#}
    {%- set has_spread = 'max(' ~ difference ~ ') - min(' ~ difference ~ ') > 1e-12' -%}
    {%- set of_spread = paired_stderr(difference) -%}
    {%- set of_runs = 'sqrt(sum(' ~ variance ~ ')) / ' ~ pairs -%}
    case
        when {{ pairs }} < 2 then null
        when {{ has_spread }} and {{ pairs }} >= 30 then {{ of_spread }}
        when {{ has_spread }} then greatest({{ of_spread }}, {{ of_runs }})
        else nullif({{ of_runs }}, 0)
    end
{%- endmacro %}

{% macro mean_difference(difference) -%}
    {{ return(adapter.dispatch('mean_difference', 'runmart')(difference)) }}
{%- endmacro %}

{% macro default__mean_difference(difference) -%}
    {#- What cancels out is 0, and not what rounding leaves of it. -#}
    case when abs(avg({{ difference }})) < 1e-12 then 0 else avg({{ difference }}) end
{%- endmacro %}

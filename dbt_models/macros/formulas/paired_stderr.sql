{#-
  Standard error of the mean of differences between pairs (the same workflow, before and after):
  s/√T, s the sample's standard deviation of the T differences that are not null. Null when T < 2. An aggregate.
-#}
{% macro paired_stderr(difference) -%}
    {{ return(adapter.dispatch('paired_stderr', 'runmart')(difference)) }}
{%- endmacro %}

{% macro default__paired_stderr(difference) -%}
    case
        when count({{ difference }}) > 1
            then stddev_samp({{ as_double(difference) }}) / sqrt({{ as_double('count(' ~ difference ~ ')') }})
    end
{%- endmacro %}

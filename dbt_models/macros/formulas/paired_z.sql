{#-
  z of the mean of differences between pairs: mean / (s/√T). An aggregate. Null with fewer than two pairs, and
  when all pairs differ by the same amount (no spread to measure it by), unless that amount is 0: then z is 0.
-#}
{% macro paired_z(difference) -%}
    {{ return(adapter.dispatch('paired_z', 'runmart')(difference)) }}
{%- endmacro %}

{% macro default__paired_z(difference) -%}
    case
        when count({{ difference }}) < 2 then null
        when max({{ difference }}) > min({{ difference }})
            then avg({{ as_double(difference) }}) / {{ paired_stderr(difference) }}
        when max({{ difference }}) = 0 then 0
    end
{%- endmacro %}

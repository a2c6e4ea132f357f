{#-
  The rows of a fact that figures count, as a relation: everything but simulations and dust tests (int_runs says
  which runs those are). Reports and aggregates read facts through this macro and no other way; what is there and how
  fresh it is (rpt_freshness, rpt_data_quality) is asked of all rows.
-#}
{% macro counted(fact) -%}
    (select * from {{ fact }} where is_counted)
{%- endmacro %}

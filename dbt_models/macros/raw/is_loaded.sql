{#-
  Whether a platform's tables may be there, as the variable `platforms` says; without it, all of them may. Armature's
  always may: its staging, empty or not, gives the unions their types.
-#}
{% macro is_loaded(platform) -%}
    {{ return(platform == 'armature' or var('platforms') is none or platform in var('platforms')) }}
{%- endmacro %}

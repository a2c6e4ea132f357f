{#-
  A key made of parts (expressions in SQL) with slashes between them; null when one of them is. Ids may hold
  slashes: no more than one part of a key may be free text, or the last ones must be numbers or dates.
-#}
{% macro joined_key(parts) -%}
    {%- set texts = [] -%}
    {%- for part in parts -%}
        {%- set as_text = 'cast(' ~ part ~ ' as ' ~ sql_type('text') ~ ')' -%}
        {%- do texts.append(part if part.startswith("'") else as_text) -%}
    {%- endfor -%}
    {{ texts | join(" || '/' || ") }}
{%- endmacro %}

{#-
  A text without slashes, as in JSON pointers (RFC 6901: ~ is ~0, / is ~1): for keys that have more than one
  part of free text. Different texts stay different.
-#}
{% macro escaped(text) -%}
    replace(replace({{ text }}, '~', '~0'), '/', '~1')
{%- endmacro %}

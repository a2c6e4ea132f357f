{#- MD5 of a text, in hexadecimal digits. -#}
{% macro text_hash(text) -%}
    {{ return(adapter.dispatch('text_hash', 'runmart')(text)) }}
{%- endmacro %}

{% macro default__text_hash(text) -%}
    md5({{ text }})
{%- endmacro %}

{% macro bigquery__text_hash(text) -%}
    to_hex(md5({{ text }}))
{%- endmacro %}

{% macro clickhouse__text_hash(text) -%}
    lower(hex(md5({{ text }})))
{%- endmacro %}

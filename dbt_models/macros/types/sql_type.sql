{#-
  The engine's name for a type: text, bigint, double precision, boolean, timestamp with time zone, date,
  decimal(38, 9) or json.
-#}
{% macro sql_type(name) -%}
    {{ return(adapter.dispatch('sql_type', 'runmart')(name)) }}
{%- endmacro %}

{% macro default__sql_type(name) -%}
    {{ return(name) }}
{%- endmacro %}

{% macro postgres__sql_type(name) -%}
    {{ return({'json': 'jsonb'}.get(name, name)) }}
{%- endmacro %}

{% macro redshift__sql_type(name) -%}
    {#- Its text is a varchar of 256 characters. -#}
    {{ return({'text': 'varchar(65535)', 'json': 'super'}.get(name, name)) }}
{%- endmacro %}

{% macro snowflake__sql_type(name) -%}
    {{ return({'timestamp with time zone': 'timestamp_tz', 'json': 'variant'}.get(name, name)) }}
{%- endmacro %}

{% macro bigquery__sql_type(name) -%}
    {%- set types = {
        'text': 'string', 'bigint': 'int64', 'double precision': 'float64', 'boolean': 'bool',
        'timestamp with time zone': 'timestamp', 'decimal(38, 9)': 'numeric',
    } -%}
    {{ return(types.get(name, name)) }}
{%- endmacro %}

{% macro databricks__sql_type(name) -%}
    {%- set types = {
        'text': 'string', 'double precision': 'double', 'timestamp with time zone': 'timestamp',
        'json': 'string',
    } -%}
    {{ return(types.get(name, name)) }}
{%- endmacro %}

{% macro clickhouse__sql_type(name) -%}
    {%- set types = {
        'text': 'String', 'bigint': 'Int64', 'double precision': 'Float64', 'boolean': 'Bool',
        'timestamp with time zone': "DateTime64(6, 'UTC')", 'date': 'Date32',
        'decimal(38, 9)': 'Decimal(38, 9)', 'json': 'String',
    } -%}
    {{ return('Nullable(' ~ types.get(name, name) ~ ')') }}
{%- endmacro %}

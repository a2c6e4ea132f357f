{#-
  Two-sided p-value of a standard normal z: erfc(|z|/√2); null stays null, and beyond 37.5, where a double
  ends, it is 0. Good to twelve digits everywhere, also in the far tail, where corrected p-values are compared.

  Below 4, the rational approximation of Hart 1968 (number 5666, as in West 2005); above, Laplace's continued
  fraction of Mills' ratio. `z` should be a column: it is written out many times.
-#}
{% macro normal_tail(z) -%}
    {{ return(adapter.dispatch('normal_tail', 'runmart')(z)) }}
{%- endmacro %}

{% macro default__normal_tail(z) -%}
    {%- set x = 'abs(' ~ as_double(z) ~ ')' -%}
    {%- set density = 'exp(-' ~ x ~ ' * ' ~ x ~ ' / 2)' -%}
    {%- set rational = namespace(over='0.0352624965998911', under='0.0883883476483184') -%}
    {%- for coefficient in [
        0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931, 220.206867912376
    ] -%}
        {%- set rational.over = '(' ~ rational.over ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {%- for coefficient in [
        1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831, 793.826512519948,
        440.413735824752
    ] -%}
        {%- set rational.under = '(' ~ rational.under ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {%- set fraction = namespace(under=x) -%}
    {%- for k in range(20, 0, -1) -%}
        {%- set fraction.under = '(' ~ x ~ ' + ' ~ k ~ ' / ' ~ fraction.under ~ ')' -%}
    {%- endfor -%}
    {#- PostgreSQL refuses a square and an exp() that are too small for a double. -#}
    case
        when {{ x }} < 1e-17 then 1
        when {{ x }} < 4 then 2 * {{ density }} * {{ rational.over }} / {{ rational.under }}
        when {{ x }} <= 37.5 then 0.7978845608028654 * {{ density }} / {{ fraction.under }}
        when {{ x }} > 37.5 then 0
    end
{%- endmacro %}

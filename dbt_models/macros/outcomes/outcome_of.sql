{#-
  The outcome that a word stands for, by the words of each outcome; in any case, and with - or space for _. A word
  that is not listed is `unknown`, null and nothing but space stay null.
-#}
{% macro outcome_of(word, words) -%}
    {%- set branches = [] -%}
    {%- for outcome, listed in words.items() -%}
        {%- for synonym in listed -%}
            {%- do branches.append("when '" ~ synonym ~ "' then '" ~ outcome ~ "'") -%}
        {%- endfor -%}
    {%- endfor -%}
    case replace(replace(lower(trim(coalesce({{ word }}, ''))), '-', '_'), ' ', '_')
        when '' then null
        {{ branches | join('\n        ') }}
        else 'unknown'
    end
{%- endmacro %}

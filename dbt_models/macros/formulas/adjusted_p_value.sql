{#-
  A p-value corrected for m comparisons of one family, by Benjamini and Hochberg 1995: the least of p_j·m/j over
  all j from its own rank on, at most 1. Flagging what is below 0.05 lets at most 5 % of the flagged be chance,
  on average. Null stays null.

  `p_rank` is the p-value's place in its family, from the smallest; ties may stand in any order. `family` lists
  the columns that make a family; rows without a p-value must not share a rank with others.
-#}
{% macro adjusted_p_value(p_value, p_rank, comparisons, family) -%}
    {{ return(adapter.dispatch('adjusted_p_value', 'runmart')(p_value, p_rank, comparisons, family)) }}
{%- endmacro %}

{% macro default__adjusted_p_value(p_value, p_rank, comparisons, family) -%}
    case
        when {{ p_value }} is not null
            then least(
                min({{ p_value }} * {{ comparisons }} / {{ p_rank }}) over (
                    partition by {{ family | join(', ') }}
                    order by {{ p_rank }} desc
                    rows between unbounded preceding and current row
                ),
                1
            )
    end
{%- endmacro %}

# The company's rules about budgets.
package countersign.corporate

# A daily budget, and the budget of a whole flight. Of a total budget the facts about a week are about all of it, because
# all of it may be spent within a week.
budget_kinds := {"budget_change", "total_budget_change"}

# Written without `default`, which the engine knows only in the first file of a package.
span_of_move := "This change" if input.budget_period == "total"

span_of_move := "A week of this change" if not input.budget_period == "total"

span_of_budget := "total" if input.budget_period == "total"

span_of_budget := "weekly" if not input.budget_period == "total"

# METADATA
# title: Good lift, small change
# description: The predicted lift is good and the rise is small. One signature from ops is enough, and several such changes may be signed together.
findings contains {
	"rule": "small_change_with_lift",
	"outcome": "allow",
	"risk_tier": "low",
	"batch_class": "routine_budget",
	"words": sprintf("Predicted lift is above %v and the budget rises by at most %v %%: within the agent's bounds.", [data.limits.min_lift, data.limits.max_change_percent]),
} if {
	input.kind in budget_kinds
	input.direction == "increase"
	input.budget_delta_percent != null
	input.predicted_lift > data.limits.min_lift
	input.budget_delta_percent <= data.limits.max_change_percent
}

# METADATA
# title: Budget change over the limit
# description: The budget rises by more than the limit, earlier rises of the week included, so ops and finance must sign.
findings contains {
	"rule": "budget_change_over_limit",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"factors": {"to_decide": [], "to_override": ["totp"]},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("A budget change over %v %% needs ops and finance within 30 minutes. With the rises of the last 7 days this one is %v %%.", [data.limits.max_change_percent, input.budget_delta_percent]),
} if {
	input.kind in budget_kinds
	input.budget_delta_percent != null
	input.budget_delta_percent > data.limits.max_change_percent
}

# METADATA
# title: Budget change that multiplies
# description: The budget would more than double. It is held: nothing proceeds when time runs out, ops and finance must sign, and every decision needs a second factor.
findings contains {
	"rule": "budget_change_multiplies",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"factors": {"to_decide": ["totp"], "to_override": ["totp"]},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 10, "role": "finance_head"}],
	"words": sprintf("A rise of more than %v %% is held until ops and finance sign, each with a second factor. With the rises of the last 7 days this one is %v %%.", [data.limits.max_change_percent_before_hold, input.budget_delta_percent]),
} if {
	input.kind in budget_kinds
	input.budget_delta_percent != null
	input.budget_delta_percent > data.limits.max_change_percent_before_hold
}

# METADATA
# title: Rise from nothing
# description: The budget was zero, or the rises of the last seven days make up all of it, so there is no percentage to judge. It counts as the largest rise. It is held until ops and finance sign, each with a second factor.
findings contains {
	"rule": "budget_from_zero",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"factors": {"to_decide": ["totp"], "to_override": ["totp"]},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 10, "role": "finance_head"}],
	"words": "The budget was zero, or the rises of the last 7 days make up all of it, so no percentage can be judged: it is held until ops and finance sign, each with a second factor.",
} if {
	input.kind in budget_kinds
	input.direction == "increase"
	input.budget_delta_percent == null
}

# METADATA
# title: Large share of the weekly budget
# description: A week of the rise is a large share of a week of the present budget, so ops must sign.
findings contains {
	"rule": "large_share_of_weekly_budget",
	"outcome": "escalate",
	"risk_tier": "medium",
	"roles": {"ops": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("The move is more than %v %% of the %v budget: ops must sign.", [data.limits.max_share_of_weekly_budget_percent, span_of_budget]),
} if {
	input.kind in budget_kinds
	input.direction == "increase"
	input.weekly_move_micros * 100 > input.weekly_budget_micros * data.limits.max_share_of_weekly_budget_percent
}

# METADATA
# title: Large single move
# description: A week of the rise moves more than the amount limit, whatever its percentage, so ops and finance must sign.
findings contains {
	"rule": "large_single_move",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("%v moves more than %v %v: ops and finance must sign.", [span_of_move, data.currency, data.limits.max_single_move_micros / 1000000]),
} if {
	input.kind in budget_kinds
	input.direction == "increase"
	input.currency == data.currency
	input.weekly_move_micros > data.limits.max_single_move_micros
}

# METADATA
# title: Confidence too low beyond the limits
# description: A rise beyond the limit needs more confidence. With less it is held until ops and finance sign, each with a second factor.
findings contains {
	"rule": "confidence_insufficient_beyond_limits",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"factors": {"to_decide": ["totp"], "to_override": ["totp"]},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 10, "role": "finance_head"}],
	"words": sprintf("Confidence %v is below %v, too low for a change over %v %%: it is held until ops and finance sign.", [input.confidence, data.limits.min_confidence_beyond_limits, data.limits.max_change_percent]),
} if {
	input.kind in budget_kinds
	input.budget_delta_percent != null
	input.budget_delta_percent > data.limits.max_change_percent
	input.confidence < data.limits.min_confidence_beyond_limits
}

# METADATA
# title: Too little lift
# description: The predicted lift is too small to expect a return from the rise, so ops must sign.
findings contains {
	"rule": "lift_too_small",
	"outcome": "escalate",
	"risk_tier": "medium",
	"roles": {"ops": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("Predicted lift %v is not above %v: ops must sign.", [input.predicted_lift, data.limits.min_lift]),
} if {
	input.kind in budget_kinds
	input.direction == "increase"
	input.predicted_lift <= data.limits.min_lift
}

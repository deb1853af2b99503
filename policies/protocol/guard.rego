# What every workspace keeps, whatever its company decides.
package countersign.protocol

# METADATA
# title: Lowering a budget is never blocked
# description: A lower budget, for a day or for a flight, puts less money at risk. One signature is enough, several may be signed together, and no rule can block it.
findings contains {
	"rule": "decrease_is_never_blocked",
	"outcome": "allow",
	"risk_tier": "low",
	"batch_class": "routine_budget",
	"words": "Lowering a budget reduces risk: it is never blocked, and one signature is enough.",
} if {
	input.kind in {"budget_change", "total_budget_change"}
	input.direction == "decrease"
}

# METADATA
# title: A shorter flight is never blocked
# description: A campaign that begins later or ends earlier spends for less time. One signature is enough, several may be signed together, and no rule can block it.
findings contains {
	"rule": "shorter_flight_is_never_blocked",
	"outcome": "allow",
	"risk_tier": "low",
	"batch_class": "routine_flight",
	"words": "A shorter flight reduces risk: it is never blocked, and one signature is enough.",
} if {
	input.kind == "schedule_change"
	input.direction == "decrease"
}

# METADATA
# title: Bidding less is never blocked
# description: A lower bid, or a stricter target, lets each click and conversion cost less, within the same budget. One signature is enough, several may be signed together, and no rule can block it.
findings contains {
	"rule": "lower_bid_is_never_blocked",
	"outcome": "allow",
	"risk_tier": "low",
	"batch_class": "routine_bids",
	"words": "Bidding less reduces risk: it is never blocked, and one signature is enough.",
} if {
	input.kind == "bid_change"
	input.direction == "decrease"
}

# METADATA
# title: Pausing a campaign is never blocked
# description: A paused campaign spends nothing. One signature is enough, several may be signed together, and no rule can block it.
findings contains {
	"rule": "pause_is_never_blocked",
	"outcome": "allow",
	"risk_tier": "low",
	"batch_class": "routine_pause",
	"words": "Pausing a campaign stops its spend: it is never blocked, and one signature is enough.",
} if {
	input.kind == "status_change"
	input.direction == "decrease"
}

# METADATA
# title: No ad gives up encryption
# description: An ad that leads to a page over an encrypted connection is not replaced by one that leads to a page without it, where anybody on the way could read and change what people see and enter. Give the new page's address with https.
findings contains {
	"rule": "landing_loses_encryption",
	"outcome": "block",
	"risk_tier": "high",
	"sla_minutes": 60,
	"ladder": [{"after_minutes": 30, "role": "finance_head"}],
	"words": "The new ad leads to a page without encryption, and the present one does not: it is blocked. Draft it with an https address.",
} if {
	input.kind == "creative_swap"
	input.landing_loses_encryption
}

# METADATA
# title: Fewer places are never blocked
# description: Places that are excluded, or targeted no longer, take no spend. No rule can block it, whoever else must sign.
findings contains {
	"rule": "fewer_places_are_never_blocked",
	"outcome": "allow",
	"risk_tier": "low",
	"batch_class": "routine_places",
	"words": "Showing ads in fewer places reduces risk: it is never blocked.",
} if {
	input.kind in {"placement_add", "placement_exclude"}
	input.direction == "decrease"
}

# METADATA
# title: Confidence too low for any increase
# description: The model's confidence is below the minimum for any increase, so ops must sign.
findings contains {
	"rule": "confidence_insufficient",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("Confidence %v is below %v, too low to raise a budget without people.", [input.confidence, data.limits.min_confidence]),
} if {
	input.direction == "increase"
	input.confidence < data.limits.min_confidence
}

# METADATA
# title: A shared budget moves more than one campaign
# description: Several campaigns spend from this budget, and one write moves all of them, so ops and finance must sign.
findings contains {
	"rule": "shared_budget",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("%v campaigns spend from this budget, and this change moves all of them: ops and finance must sign.", [input.shared_by]),
} if {
	input.direction == "increase"
	input.shared_by > data.limits.max_campaigns_per_budget
}

# METADATA
# title: Small steps add up
# description: Increases of the same budget in the last seven days count together, whichever of its campaigns they named, so that splitting an amount does not evade its limit. Beyond it ops and finance must sign.
findings contains {
	"rule": "trailing_moves_over_limit",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("With the increases of the last 7 days the weekly spend of this budget may rise by more than %v %v: ops and finance must sign.", [data.currency, data.limits.max_trailing_move_micros / 1000000]),
} if {
	input.direction == "increase"
	input.currency == data.currency
	input.trailing_weekly_increase_micros > 0
	input.trailing_weekly_increase_micros + input.weekly_move_micros > data.limits.max_trailing_move_micros
}

# METADATA
# title: Amount limits are in another currency
# description: The account uses a different currency from the limits. An amount that cannot be compared with its limit does not count as within it, so ops and finance must sign.
findings contains {
	"rule": "currency_without_limit",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("The limits are in %v and this account is in %v, so they cannot be compared: ops and finance must sign.", [data.currency, input.currency]),
} if {
	input.direction == "increase"
	input.currency != null
	input.currency != data.currency
}

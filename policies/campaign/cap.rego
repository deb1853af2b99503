# Rules of single campaigns.
package countersign.campaign

# METADATA
# title: Over the campaign's own cap
# description: The new daily budget is above the cap that was set for this one campaign, so finance must sign.
findings contains {
	"rule": "over_campaign_cap",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("This campaign's daily budget is capped at %v %v: finance must sign.", [input.currency, cap / 1000000]),
} if {
	input.direction == "increase"
	cap := data.daily_caps_micros[input.campaign_id]
	input.after_micros > cap
}

# METADATA
# title: Shared budget over some campaign's cap
# description: Several campaigns spend from this budget, and its new amount is above a cap that was set for some campaign, which may be one of them. So finance must sign.
findings contains {
	"rule": "shared_budget_over_some_cap",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("%v campaigns spend from this budget, and a campaign whose cap it exceeds may be among them: finance must sign.", [input.shared_by]),
} if {
	input.direction == "increase"
	input.shared_by > 1
	some cap in data.daily_caps_micros
	input.after_micros > cap
}

# METADATA
# title: Transfer over a campaign's own cap
# description: A transfer raises a campaign's daily budget above the cap that was set for this one campaign, so finance must sign.
findings contains {
	"rule": "transfer_over_cap",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": "A campaign that would receive has a cap of its own that the transfer exceeds: finance must sign.",
} if {
	input.kind == "budget_transfer"
	some campaign, after in input.raised_campaigns_micros
	after > data.daily_caps_micros[campaign]
}

# METADATA
# title: Transfer of a shared budget over some campaign's cap
# description: Several campaigns spend from a budget that the transfer writes, and it raises one above a cap that was set for some campaign, which may be among them. So finance must sign.
findings contains {
	"rule": "transfer_of_shared_over_some_cap",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("%v campaigns spend from one of these budgets, and a campaign whose cap is exceeded may be among them: finance must sign.", [input.shared_by]),
} if {
	input.kind == "budget_transfer"
	input.shared_by > 1
	some cap in data.daily_caps_micros
	some after in input.raised_campaigns_micros
	after > cap
}

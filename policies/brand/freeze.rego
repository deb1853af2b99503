# The brand's rules.
package countersign.brand

# METADATA
# title: Campaign under a freeze
# description: While the brand freezes a campaign, a rise is held until ops and finance sign. Its budget can still be lowered.
findings contains {
	"rule": "campaign_frozen",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 10, "role": "finance_head"}],
	"words": sprintf("The brand has frozen this campaign (%v): a rise is held until ops and finance sign.", [reason]),
} if {
	input.direction == "increase"
	reason := data.frozen_campaigns[input.campaign_id]
}

# METADATA
# title: Shared budget while campaigns are frozen
# description: Several campaigns spend from this budget, and the facts do not say whether a frozen one is among them. What cannot be told apart from a frozen campaign is held like one.
findings contains {
	"rule": "shared_budget_under_freeze",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 10, "role": "finance_head"}],
	"words": sprintf("%v campaigns spend from this budget, and a frozen one may be among them: a rise is held until ops and finance sign.", [input.shared_by]),
} if {
	input.direction == "increase"
	input.shared_by > 1
	count(data.frozen_campaigns) > 0
}

# METADATA
# title: Transfer to a frozen campaign
# description: While the brand freezes a campaign, a transfer that raises its budget is held until ops and finance sign. A transfer can still take from it.
findings contains {
	"rule": "transfer_under_freeze",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 10, "role": "finance_head"}],
	"words": "The brand has frozen a campaign that would receive: the transfer is held until ops and finance sign.",
} if {
	input.kind == "budget_transfer"
	some campaign, _ in input.raised_campaigns_micros
	data.frozen_campaigns[campaign]
}

# The company's rules about pausing campaigns and letting them run.
package countersign.corporate

# METADATA
# title: A campaign runs again
# description: A campaign that runs may spend its whole daily budget from then on. Its owner must sign, and that is ops, who run the campaigns.
findings contains {
	"rule": "campaign_runs_again",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("The campaign may spend %v %v a day from then on: ops, who run the campaigns, must sign.", [input.currency, input.after_micros / 1000000]),
} if {
	input.kind == "status_change"
	input.direction == "increase"
	input.part == null
}

# METADATA
# title: An ad group runs again
# description: An ad group that runs takes its share of the campaign's budget from then on. ops, who run the campaigns, must sign.
findings contains {
	"rule": "ad_group_runs_again",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": "The ad group takes its share of the campaign's budget from then on: ops, who run the campaigns, must sign.",
} if {
	input.kind == "status_change"
	input.direction == "increase"
	input.part == "ad_group"
}

# METADATA
# title: A costly campaign runs again
# description: A week of what the campaign may spend is above the amount limit, so ops and finance must sign.
findings contains {
	"rule": "costly_campaign_runs_again",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("A week of this campaign may spend more than %v %v: ops and finance must sign.", [data.currency, data.limits.max_single_move_micros / 1000000]),
} if {
	input.kind == "status_change"
	input.direction == "increase"
	input.currency == data.currency
	input.weekly_move_micros > data.limits.max_single_move_micros
}

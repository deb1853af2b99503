# The company's rules about moving budget between campaigns. Requirement M31: any move of more than 10 % of the weekly
# budget, or any single transfer of more than USD 10,000, needs approval, by the head of marketing or by finance. A
# case asks every role that is named and knows no choice between two, so finance signs; ops, who run the campaigns, sign
# beside it. A transfer that no rule here names goes to people all the same, with the roles of the base.
package countersign.corporate

# METADATA
# title: A large share of the budgets that give
# description: More than the limit is taken from the budgets that give, measured against a week of all of them (requirement M31), so ops and finance must sign.
findings contains {
	"rule": "transfer_large_share",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("The transfer takes %v %% of the weekly budget that gives, more than %v %%: ops and finance must sign.", [input.transfer_share_percent, data.limits.max_transfer_share_percent]),
} if {
	input.kind == "budget_transfer"
	input.transfer_share_percent != null
	input.transfer_share_percent > data.limits.max_transfer_share_percent
}

# METADATA
# title: Share of the budgets that give is unknown
# description: What the budgets that give were cannot be counted, so there is no share to judge by requirement M31. It counts as the largest: ops and finance must sign.
findings contains {
	"rule": "transfer_share_unknown",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("Which share of the weekly budget the transfer takes cannot be told, so it counts as more than %v %%: ops and finance must sign.", [data.limits.max_transfer_share_percent]),
} if {
	input.kind == "budget_transfer"
	input.transfer_share_percent == null
}

# METADATA
# title: A large transfer
# description: A week of the transfer moves more than the amount limit, whatever its share (requirement M31), so ops and finance must sign.
findings contains {
	"rule": "transfer_large_amount",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("A week of this transfer moves more than %v %v: ops and finance must sign.", [data.currency, data.limits.max_single_transfer_micros / 1000000]),
} if {
	input.kind == "budget_transfer"
	input.currency == data.currency
	input.transfer_weekly_micros > data.limits.max_single_transfer_micros
}

# METADATA
# title: Transfers add up
# description: What was raised in the last seven days counts together with the transfer, so that splitting an amount does not evade the limit of a single one (requirement M31). Beyond it ops and finance must sign.
findings contains {
	"rule": "transfers_add_up",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("With the increases of the last 7 days a week of this transfer comes to more than %v %v: ops and finance must sign.", [data.currency, data.limits.max_single_transfer_micros / 1000000]),
} if {
	input.kind == "budget_transfer"
	input.currency == data.currency
	input.trailing_weekly_increase_micros > 0
	input.trailing_weekly_increase_micros + input.transfer_weekly_micros > data.limits.max_single_transfer_micros
}

# METADATA
# title: A transfer between currencies
# description: What is lowered and what is raised are in two currencies and are never netted, so nobody can tell whether they balance. It is held until ops and finance sign, each with a second factor.
findings contains {
	"rule": "transfer_across_currencies",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"factors": {"to_decide": ["totp"], "to_override": ["totp"]},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 10, "role": "finance_head"}],
	"words": sprintf("What is raised is in %v and what is lowered is in another currency, so the two sides cannot be compared: it is held until ops and finance sign, each with a second factor.", [input.currency]),
} if {
	input.kind == "budget_transfer"
	input.transfer_crosses_currencies
}

# The company's rules about when campaigns begin and end.
package countersign.corporate

# METADATA
# title: A longer flight
# description: The campaign begins earlier or ends later, and spends meanwhile. ops, who run the campaigns, must sign.
findings contains {
	"rule": "longer_flight",
	"outcome": "escalate",
	"risk_tier": "medium",
	"roles": {"ops": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": "The campaign runs longer and spends meanwhile: ops must sign.",
} if {
	input.kind == "schedule_change"
	input.direction == "increase"
}

# METADATA
# title: A flight without an end
# description: The campaign is left without an end, so that it spends until somebody stops it. ops and finance must sign.
findings contains {
	"rule": "flight_without_end",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": "The campaign would spend until somebody stops it: ops and finance must sign.",
} if {
	input.kind == "schedule_change"
	input.direction == "increase"
	input.opens_end
}

# METADATA
# title: A costly longer flight
# description: What the campaign can spend in the added time is above the amount limit, so ops and finance must sign.
findings contains {
	"rule": "costly_longer_flight",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("In the added time the campaign can spend more than %v %v: ops and finance must sign.", [data.currency, data.limits.max_single_move_micros / 1000000]),
} if {
	input.kind == "schedule_change"
	input.direction == "increase"
	input.currency == data.currency
	input.stake_micros > data.limits.max_single_move_micros
}

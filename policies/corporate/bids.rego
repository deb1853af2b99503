# The company's rules about bids and bidding strategies. Pricing is never left to an agent: every rise asks people.
package countersign.corporate

# By how much more is bid, in percent. Of a target return it is by how much it falls, because a lower one lets more be bid.
bid_rise_percent := input.bid_delta_percent if {
	input.bid_delta_percent != null
	input.bid_field != "target_roas"
}

bid_rise_percent := 0 - input.bid_delta_percent if {
	input.bid_delta_percent != null
	input.bid_field == "target_roas"
}

small_bid_rise if {
	input.bid_field == "cpc_bid"
	bid_rise_percent <= data.limits.max_batched_bid_percent
}

# Strategies in words, for people.
strategy_words := {
	"manual_cpc": "manual CPC",
	"manual_cpm": "manual CPM",
	"maximize_clicks": "maximize clicks",
	"maximize_conversions": "maximize conversions",
	"maximize_conversion_value": "maximize conversion value",
	"target_cpa": "target CPA",
	"target_roas": "target ROAS",
}

# METADATA
# title: Small rise of a CPC bid
# description: A click in one ad group may cost a little more, within the campaign's budget. One signature from ops is enough, and several such changes may be signed together.
findings contains {
	"rule": "small_cpc_bid_rise",
	"outcome": "escalate",
	"risk_tier": "low",
	"decision_type": "human_owned",
	"roles": {"ops": 1},
	"sla_minutes": 30,
	"batch_class": "routine_bids",
	"words": sprintf("The CPC bid rises by at most %v %%: ops must sign, together with other such bids if they like.", [data.limits.max_batched_bid_percent]),
} if {
	input.kind == "bid_change"
	input.direction == "increase"
	small_bid_rise
}

# METADATA
# title: More is bid
# description: A bid rises, or a target lets more be bid, so that the budget may be spent faster and each click or conversion may cost more. ops must sign.
findings contains {
	"rule": "more_is_bid",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": "More may be bid for each click or conversion: ops must sign.",
} if {
	input.kind == "bid_change"
	input.direction == "increase"
	not small_bid_rise
}

# METADATA
# title: Bid change over the limit
# description: A bid, or what its target lets be bid, rises by more than the limit, so ops and finance must sign.
findings contains {
	"rule": "bid_change_over_limit",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"factors": {"to_decide": [], "to_override": ["totp"]},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": sprintf("A bid or target that lets more than %v %% more be bid needs ops and finance; this one is %v %%.", [data.limits.max_bid_change_percent, bid_rise_percent]),
} if {
	input.kind == "bid_change"
	input.direction == "increase"
	bid_rise_percent > data.limits.max_bid_change_percent
}

# METADATA
# title: A bid from nothing, or without a bound
# description: There was no bid or target to compare with, or a target is lifted so that only the budget bounds what a click or a conversion costs. ops and finance must sign.
findings contains {
	"rule": "bid_without_bound",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 20, "role": "finance_head"}],
	"words": "No percentage can be judged: the bid begins from nothing, or a target is lifted. ops and finance must sign.",
} if {
	input.kind == "bid_change"
	input.direction == "increase"
	input.bid_field != "strategy"
	input.bid_delta_percent == null
}

# METADATA
# title: Another bidding strategy
# description: The campaign bids in another way, and what each click then costs nobody can tell beforehand. It is of high risk: ops and finance must sign, and silence never lets it through.
findings contains {
	"rule": "another_bidding_strategy",
	"outcome": "escalate",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"factors": {"to_decide": [], "to_override": ["totp"]},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 10, "role": "finance_head"}],
	"words": sprintf("The bidding strategy changes from %v to %v: ops and finance must sign.", [strategy_words[input.strategy_before], strategy_words[input.strategy_after]]),
} if {
	input.kind == "bid_change"
	input.bid_field == "strategy"
}

# Tests of the rules about bids.
package countersign.corporate_test

import data.countersign.corporate

bid_change := {
	"kind": "bid_change",
	"direction": "increase",
	"bid_field": "cpc_bid",
	"bid_delta_percent": 8,
	"strategy_before": "manual_cpc",
	"strategy_after": "manual_cpc",
}

bid_fired(facts) := rules if {
	findings := corporate.findings with input as object.union(bid_change, facts)
	rules := {finding.rule | some finding in findings}
}

test_small_cpc_bid_rise if bid_fired({}) == {"small_cpc_bid_rise"}

test_small_cpc_bid_rise_at_the_limit if {
	bid_fired({"bid_delta_percent": 10}) == {"small_cpc_bid_rise"}
	bid_fired({"bid_delta_percent": 10.01}) == {"more_is_bid"}
}

test_small_cpc_bid_rises_may_be_signed_together_and_never_pass_without_people if {
	findings := corporate.findings with input as bid_change
	{[finding.batch_class, finding.outcome] | some finding in findings} == {["routine_bids", "escalate"]}
}

test_more_is_bid if {
	bid_fired({"bid_field": "target_cpa"}) == {"more_is_bid"}
	bid_fired({"bid_field": "cpm_bid"}) == {"more_is_bid"}
	bid_fired({"bid_field": "max_cpc"}) == {"more_is_bid"}
}

test_a_lower_bid_asks_for_no_more if bid_fired({"direction": "decrease", "bid_delta_percent": -50}) == set()

test_bid_change_over_limit if bid_fired({"bid_delta_percent": 25.01}) == {"more_is_bid", "bid_change_over_limit"}

test_bid_change_over_limit_at_the_limit if bid_fired({"bid_delta_percent": 25}) == {"more_is_bid"}

test_a_lower_target_return_is_a_rise if {
	roas := {"bid_field": "target_roas", "strategy_before": "target_roas", "strategy_after": "target_roas"}
	bid_fired(object.union(roas, {"bid_delta_percent": -20})) == {"more_is_bid"}
	bid_fired(object.union(roas, {"bid_delta_percent": -30})) == {"more_is_bid", "bid_change_over_limit"}
}

test_bid_without_bound if {
	bid_fired({"bid_field": "target_cpa", "bid_delta_percent": null}) == {"more_is_bid", "bid_without_bound"}
	bid_fired({"bid_delta_percent": null}) == {"more_is_bid", "bid_without_bound"}
}

test_another_bidding_strategy if {
	facts := {"bid_field": "strategy", "bid_delta_percent": null, "strategy_after": "maximize_conversions"}
	bid_fired(facts) == {"more_is_bid", "another_bidding_strategy"}
	findings := corporate.findings with input as object.union(bid_change, facts)
	some finding in findings
	finding.rule == "another_bidding_strategy"
	finding.risk_tier == "high"
	finding.roles == {"ops": 1, "finance": 1}
	contains(finding.words, "from manual CPC to maximize conversions")
}

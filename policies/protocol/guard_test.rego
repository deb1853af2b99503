# Tests of the protocol layer.
package countersign.protocol_test

import data.countersign.protocol

change := {
	"kind": "budget_change",
	"direction": "increase",
	"confidence": 0.79,
	"shared_by": 1,
	"currency": "USD",
	"trailing_weekly_increase_micros": 0,
	"weekly_move_micros": 8000000000,
}

fired(facts) := rules if {
	findings := protocol.findings with input as object.union(change, facts)
	rules := {finding.rule | some finding in findings}
}

test_nothing_fires_for_an_ordinary_change if fired({}) == set()

test_decrease_is_never_blocked if fired({"direction": "decrease"}) == {"decrease_is_never_blocked"}

test_pause_is_never_blocked if {
	fired({"kind": "status_change", "direction": "decrease"}) == {"pause_is_never_blocked"}
}

test_shorter_flight_is_never_blocked if {
	fired({"kind": "schedule_change", "direction": "decrease"}) == {"shorter_flight_is_never_blocked"}
}

test_lower_bid_is_never_blocked if {
	fired({"kind": "bid_change", "direction": "decrease"}) == {"lower_bid_is_never_blocked"}
}

test_a_total_budget_may_be_lowered_too if {
	fired({"kind": "total_budget_change", "direction": "decrease"}) == {"decrease_is_never_blocked"}
}

test_landing_loses_encryption if {
	fired({"kind": "creative_swap", "direction": "none", "landing_loses_encryption": true}) == {"landing_loses_encryption"}
	fired({"kind": "creative_swap", "direction": "none", "landing_loses_encryption": false}) == set()
}

test_confidence_insufficient if "confidence_insufficient" in fired({"confidence": 0.59})

test_confidence_insufficient_at_the_limit if not "confidence_insufficient" in fired({"confidence": 0.6})

test_shared_budget if "shared_budget" in fired({"shared_by": 2})

test_trailing_moves_over_limit if "trailing_moves_over_limit" in fired({"trailing_weekly_increase_micros": 2500000000})

test_trailing_moves_over_limit_at_the_limit if {
	not "trailing_moves_over_limit" in fired({"trailing_weekly_increase_micros": 2000000000})
}

test_currency_without_limit if fired({"currency": "EUR"}) == {"currency_without_limit"}

test_fewer_places_are_never_blocked if {
	fired({"kind": "placement_exclude", "direction": "decrease"}) == {"fewer_places_are_never_blocked"}
	fired({"kind": "placement_add", "direction": "decrease"}) == {"fewer_places_are_never_blocked"}
	fired({"kind": "audience_exclude", "direction": "decrease"}) == set()
}

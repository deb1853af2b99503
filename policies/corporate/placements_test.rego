# Tests of the rules about places.
package countersign.corporate_test

import data.countersign.corporate

places := {
	"kind": "placement_add",
	"direction": "increase",
	"places": 3,
	"lowest_place_score": 0.82,
	"unvetted_places": 0,
	"high_risk_places": 0,
}

places_fired(facts) := rules if {
	findings := corporate.findings with input as object.union(places, facts)
	rules := {finding.rule | some finding in findings}
}

test_places_belong_to_the_brand if {
	places_fired({}) == {"places_belong_to_the_brand"}
	findings := corporate.findings with input as places
	{finding.roles | some finding in findings} == {{"brand": 1}}
}

test_placement_below_score if {
	places_fired({"lowest_place_score": 0.39}) == {"places_belong_to_the_brand", "placement_below_score"}
	findings := corporate.findings with input as object.union(places, {"lowest_place_score": 0.39})
	some finding in findings
	finding.outcome == "block"
}

test_placement_below_score_at_the_limit if places_fired({"lowest_place_score": 0.4}) == {"places_belong_to_the_brand"}

test_a_place_without_a_score_is_for_people if {
	places_fired({"lowest_place_score": null, "unvetted_places": 1}) == {"places_belong_to_the_brand", "place_not_vetted"}
}

test_place_not_vetted if {
	places_fired({"unvetted_places": 2}) == {"places_belong_to_the_brand", "place_not_vetted"}
	findings := corporate.findings with input as object.union(places, {"unvetted_places": 2})
	some finding in findings
	finding.words == "Not vetted: 2 of 3 places. brand must review and sign."
}

test_place_of_high_risk if {
	places_fired({"high_risk_places": 1}) == {"places_belong_to_the_brand", "place_of_high_risk"}
	findings := corporate.findings with input as object.union(places, {"high_risk_places": 1})
	some finding in findings
	finding.factors == {"to_decide": ["totp"], "to_override": ["totp"]}
}

test_letting_a_bad_place_in_again_is_as_bad if {
	facts := {"kind": "placement_exclude", "lowest_place_score": 0.1}
	places_fired(facts) == {"places_belong_to_the_brand", "placement_below_score"}
}

test_fewer_places if {
	bad := {"direction": "decrease", "lowest_place_score": 0.1, "unvetted_places": 3, "high_risk_places": 3}
	places_fired(bad) == {"fewer_places"}
	places_fired(object.union(bad, {"kind": "placement_exclude"})) == {"fewer_places"}
}

test_fewer_places_may_be_signed_together if {
	findings := corporate.findings with input as object.union(places, {"direction": "decrease"})
	{finding.batch_class | some finding in findings} == {"routine_places"}
}

test_other_kinds_have_no_places if places_fired({"kind": "status_change", "unvetted_places": 1}) == set()

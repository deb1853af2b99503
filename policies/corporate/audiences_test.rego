# Tests of the rules about audiences.
package countersign.corporate_test

import data.countersign.corporate

reached := {
	"kind": "audience_add",
	"direction": "increase",
	"audiences": 2,
	"smallest_audience": 21000,
	"audiences_of_unknown_size": 0,
	"sensitive_audiences": 0,
	"audiences_without_consent": 0,
	"shoppers_in_sale": 0,
}

left_out := object.union(reached, {"kind": "audience_exclude", "direction": "decrease"})

audiences_fired(facts, more) := rules if {
	findings := corporate.findings with input as object.union(facts, more)
	rules := {finding.rule | some finding in findings}
}

roles_asked(facts, more) := roles if {
	findings := corporate.findings with input as object.union(facts, more)
	roles := {role | some finding in findings; some role, _ in finding.roles}
}

test_people_are_reached if audiences_fired(reached, {}) == {"people_are_reached"}

test_people_are_left_out if {
	audiences_fired(left_out, {}) == {"people_are_left_out"}
	roles_asked(left_out, {}) == {"channel_owner", "legal"}
}

test_whoever_is_no_longer_targeted_is_left_out if {
	audiences_fired(reached, {"direction": "decrease"}) == {"people_are_left_out"}
}

test_whoever_is_no_longer_excluded_is_reached if {
	audiences_fired(left_out, {"direction": "increase"}) == {"people_are_reached"}
}

test_sensitive_audience if {
	audiences_fired(reached, {"sensitive_audiences": 1}) == {"people_are_reached", "sensitive_audience"}
	audiences_fired(left_out, {"sensitive_audiences": 1}) == {"people_are_left_out", "sensitive_audience"}
	roles_asked(reached, {"sensitive_audiences": 1}) == {"ops", "channel_owner", "legal"}
	findings := corporate.findings with input as object.union(reached, {"sensitive_audiences": 1})
	some finding in findings
	finding.outcome == "hold"
	finding.factors.to_decide == ["totp"]
}

test_audience_without_consent if {
	facts := {"audiences_without_consent": 1}
	audiences_fired(reached, facts) == {"people_are_reached", "audience_without_consent"}
	audiences_fired(left_out, facts) == {"people_are_left_out"}
	roles_asked(reached, facts) == {"channel_owner", "legal"}
}

test_audience_too_small if {
	audiences_fired(reached, {"smallest_audience": 999}) == {"people_are_reached", "audience_too_small"}
	audiences_fired(left_out, {"smallest_audience": 999}) == {"people_are_left_out"}
}

test_audience_too_small_at_the_limit if audiences_fired(reached, {"smallest_audience": 1000}) == {"people_are_reached"}

test_audience_of_unknown_size if {
	facts := {"smallest_audience": null, "audiences_of_unknown_size": 1}
	audiences_fired(reached, facts) == {"people_are_reached", "audience_of_unknown_size"}
	audiences_fired(left_out, facts) == {"people_are_left_out"}
}

test_shoppers_left_out_in_a_sale if {
	facts := {"shoppers_in_sale": 1}
	audiences_fired(left_out, facts) == {"people_are_left_out", "shoppers_left_out_in_a_sale"}
	audiences_fired(reached, facts) == {"people_are_reached"}
	roles_asked(left_out, facts) == {"marketing_head", "channel_owner", "legal"}
}

test_other_kinds_have_no_audiences if {
	audiences_fired(left_out, {"kind": "status_change", "sensitive_audiences": 1, "shoppers_in_sale": 1}) == set()
}

# Tests of the corporate layer.
package countersign.corporate_test

import data.countersign.corporate

change := {
	"kind": "budget_change",
	"direction": "increase",
	"budget_delta_percent": 8,
	"predicted_lift": 0.12,
	"confidence": 0.79,
	"currency": "USD",
	"weekly_budget_micros": 7000000000,
	"weekly_move_micros": 560000000,
}

fired(facts) := rules if {
	findings := corporate.findings with input as object.union(change, facts)
	rules := {finding.rule | some finding in findings}
}

test_small_change_with_lift if fired({}) == {"small_change_with_lift"}

test_small_change_with_lift_at_the_limit if "small_change_with_lift" in fired({"budget_delta_percent": 15})

test_budget_change_over_limit if "budget_change_over_limit" in fired({"budget_delta_percent": 15.01})

test_budget_change_over_limit_at_the_limit if {
	not "budget_change_over_limit" in fired({"budget_delta_percent": 15})
}

test_budget_change_over_limit_needs_ops_and_finance if {
	findings := corporate.findings with input as object.union(change, {"budget_delta_percent": 25})
	some finding in findings
	finding.rule == "budget_change_over_limit"
	finding.roles == {"ops": 1, "finance": 1}
	finding.sla_minutes == 30
}

test_budget_change_multiplies if "budget_change_multiplies" in fired({"budget_delta_percent": 100.01})

test_budget_from_zero if "budget_from_zero" in fired({"budget_delta_percent": null})

test_large_share_of_weekly_budget if {
	"large_share_of_weekly_budget" in fired({"weekly_move_micros": 700000001})
}

test_large_share_of_weekly_budget_at_the_limit if {
	not "large_share_of_weekly_budget" in fired({"weekly_move_micros": 700000000})
}

test_large_single_move if "large_single_move" in fired({"weekly_move_micros": 10000000001})

test_large_single_move_at_the_limit if not "large_single_move" in fired({"weekly_move_micros": 10000000000})

test_confidence_insufficient_beyond_limits if {
	"confidence_insufficient_beyond_limits" in fired({"budget_delta_percent": 25, "confidence": 0.74})
}

test_a_total_budget_is_judged_like_a_daily_one if {
	facts := {"kind": "total_budget_change", "budget_period": "total", "budget_delta_percent": 25, "weekly_move_micros": 10000000001}
	fired(facts) == {"budget_change_over_limit", "large_share_of_weekly_budget", "large_single_move"}
	findings := corporate.findings with input as object.union(change, facts)
	some finding in findings
	finding.rule == "large_single_move"
	startswith(finding.words, "This change moves")
	some share in findings
	share.rule == "large_share_of_weekly_budget"
	endswith(share.words, "of the total budget: ops must sign.")
}

test_lift_too_small if fired({"predicted_lift": 0.02}) == {"lift_too_small"}

test_finance_head_is_told_before_the_deadline if {
	findings := corporate.findings with input as object.union(change, {"budget_delta_percent": 25})
	some finding in findings
	finding.rule == "budget_change_over_limit"
	some rung in finding.ladder
	rung.role == "finance_head"
	rung.after_minutes < finding.sla_minutes
}

test_small_changes_may_be_signed_together if {
	findings := corporate.findings with input as change
	{finding.batch_class | some finding in findings} == {"routine_budget"}
}

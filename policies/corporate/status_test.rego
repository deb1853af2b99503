# Tests of the rules about pausing campaigns and letting them run.
package countersign.corporate_test

import data.countersign.corporate

status_change := {
	"kind": "status_change",
	"direction": "increase",
	"currency": "USD",
	"part": null,
	"after_micros": 200000000,
	"weekly_move_micros": 1400000000,
}

status_fired(facts) := rules if {
	findings := corporate.findings with input as object.union(status_change, facts)
	rules := {finding.rule | some finding in findings}
}

test_campaign_runs_again if status_fired({}) == {"campaign_runs_again"}

test_ad_group_runs_again if {
	status_fired({"part": "ad_group", "after_micros": 0, "weekly_move_micros": 0}) == {"ad_group_runs_again"}
	status_fired({"part": "ad_group", "direction": "decrease"}) == set()
}

test_a_pause_asks_for_no_more if status_fired({"direction": "decrease"}) == set()

test_costly_campaign_runs_again if {
	status_fired({"weekly_move_micros": 10000000001}) == {"campaign_runs_again", "costly_campaign_runs_again"}
}

test_costly_campaign_runs_again_at_the_limit if {
	status_fired({"weekly_move_micros": 10000000000}) == {"campaign_runs_again"}
}

# Tests of the rules about when campaigns begin and end.
package countersign.corporate_test

import data.countersign.corporate

schedule_change := {
	"kind": "schedule_change",
	"direction": "increase",
	"currency": "USD",
	"opens_end": false,
	"stake_micros": 2800000000,
}

schedule_fired(facts) := rules if {
	findings := corporate.findings with input as object.union(schedule_change, facts)
	rules := {finding.rule | some finding in findings}
}

test_longer_flight if schedule_fired({}) == {"longer_flight"}

test_a_shorter_flight_asks_for_no_more if schedule_fired({"direction": "decrease", "stake_micros": 0}) == set()

test_flight_without_end if schedule_fired({"opens_end": true}) == {"longer_flight", "flight_without_end"}

test_costly_longer_flight if {
	schedule_fired({"stake_micros": 10000000001}) == {"longer_flight", "costly_longer_flight"}
}

test_costly_longer_flight_at_the_limit if schedule_fired({"stake_micros": 10000000000}) == {"longer_flight"}

# Tests of the rules about moving budget between campaigns.
package countersign.corporate_test

import data.countersign.corporate

# 1,000 USD a week, 10 % of the budgets that give: at the limits, none of which is passed.
transfer := {
	"kind": "budget_transfer",
	"direction": "increase",
	"currency": "USD",
	"budget_delta_percent": null,
	"predicted_lift": 0.12,
	"confidence": 0.79,
	"weekly_budget_micros": 0,
	"weekly_move_micros": 0,
	"trailing_weekly_increase_micros": 0,
	"transfer_weekly_micros": 1000000000,
	"transfer_share_percent": 10,
	"transfer_crosses_currencies": false,
}

transfer_findings(facts) := findings if {
	findings := corporate.findings with input as object.union(transfer, facts)
}

transfer_fired(facts) := {finding.rule | some finding in transfer_findings(facts)}

test_a_small_transfer_asks_for_no_more if transfer_fired({}) == set()

test_transfer_large_share if transfer_fired({"transfer_share_percent": 10.01}) == {"transfer_large_share"}

test_transfer_large_share_asks_ops_and_finance if {
	some finding in transfer_findings({"transfer_share_percent": 25})
	finding.rule == "transfer_large_share"
	finding.outcome == "escalate"
	finding.roles == {"ops": 1, "finance": 1}
	finding.words == "The transfer takes 25 % of the weekly budget that gives, more than 10 %: ops and finance must sign."
}

test_transfer_share_unknown if transfer_fired({"transfer_share_percent": null}) == {"transfer_share_unknown"}

test_transfer_large_amount if transfer_fired({"transfer_weekly_micros": 10000000001}) == {"transfer_large_amount"}

test_transfer_large_amount_at_the_limit if transfer_fired({"transfer_weekly_micros": 10000000000}) == set()

test_transfer_large_amount_is_in_the_currency_of_the_limit if {
	transfer_fired({"transfer_weekly_micros": 10000000001, "currency": "EUR"}) == set()
}

test_transfers_add_up if {
	split := {"transfer_weekly_micros": 2500000000, "trailing_weekly_increase_micros": 8000000000}
	transfer_fired(split) == {"transfers_add_up"}
}

test_transfers_add_up_at_the_limit if {
	transfer_fired({"transfer_weekly_micros": 2500000000, "trailing_weekly_increase_micros": 7500000000}) == set()
}

test_transfer_across_currencies if transfer_fired({"transfer_crosses_currencies": true}) == {"transfer_across_currencies"}

test_transfer_across_currencies_is_held_with_a_second_factor if {
	some finding in transfer_findings({"transfer_crosses_currencies": true})
	finding.outcome == "hold"
	finding.roles == {"ops": 1, "finance": 1}
	finding.factors.to_decide == ["totp"]
}

test_a_raised_budget_is_no_transfer if {
	transfer_fired({"kind": "status_change", "direction": "decrease", "transfer_share_percent": null, "transfer_crosses_currencies": true}) == set()
}

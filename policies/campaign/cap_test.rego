# Tests of the campaign layer.
package countersign.campaign_test

import data.countersign.campaign

change := {"direction": "increase", "campaign_id": "7", "currency": "USD", "after_micros": 500000001}

test_over_campaign_cap if {
	findings := campaign.findings with input as change with data.daily_caps_micros as {"7": 500000000}
	some finding in findings
	finding.rule == "over_campaign_cap"
}

test_over_campaign_cap_at_the_cap if {
	count(campaign.findings) == 0 with input as change with data.daily_caps_micros as {"7": 500000001}
}

test_shared_budget_over_some_cap if {
	shared := object.union(change, {"campaign_id": "9", "shared_by": 2})
	findings := campaign.findings with input as shared with data.daily_caps_micros as {"7": 500000000, "8": 400000000}
	{finding.rule | some finding in findings} == {"shared_budget_over_some_cap"}
}

test_shared_budget_over_some_cap_spares_one_campaign_s_own if {
	own := object.union(change, {"campaign_id": "9", "shared_by": 1})
	count(campaign.findings) == 0 with input as own with data.daily_caps_micros as {"7": 500000000}
}

transfer := {
	"kind": "budget_transfer",
	"direction": "increase",
	"campaign_id": "9",
	"after_micros": 0,
	"shared_by": 1,
	"raised_campaigns_micros": {"8": 400000000, "9": 520000000},
}

test_transfer_over_cap if {
	findings := campaign.findings with input as transfer with data.daily_caps_micros as {"8": 399999999, "9": 600000000}
	{finding.rule | some finding in findings} == {"transfer_over_cap"}
}

test_transfer_over_cap_at_the_caps_and_of_others if {
	count(campaign.findings) == 0 with input as transfer with data.daily_caps_micros as {"7": 1, "8": 400000000}
}

test_transfer_of_shared_over_some_cap if {
	shared := object.union(transfer, {"shared_by": 2})
	findings := campaign.findings with input as shared with data.daily_caps_micros as {"7": 500000000}
	{finding.rule | some finding in findings} == {"transfer_of_shared_over_some_cap"}
}

test_transfer_of_shared_over_some_cap_needs_one_that_is_exceeded if {
	shared := object.union(transfer, {"shared_by": 2})
	count(campaign.findings) == 0 with input as shared with data.daily_caps_micros as {"7": 520000000}
}

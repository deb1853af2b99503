# Tests of the brand layer.
package countersign.brand_test

import data.countersign.brand

change := {"direction": "increase", "campaign_id": "7"}

test_campaign_frozen if {
	findings := brand.findings with input as change with data.frozen_campaigns as {"7": "relaunch"}
	some finding in findings
	finding.rule == "campaign_frozen"
	finding.outcome == "hold"
}

test_campaign_frozen_spares_others if {
	count(brand.findings) == 0 with input as change with data.frozen_campaigns as {"8": "relaunch"}
}

test_campaign_frozen_may_be_lowered if {
	lower := {"direction": "decrease", "campaign_id": "7"}
	count(brand.findings) == 0 with input as lower with data.frozen_campaigns as {"7": "relaunch"}
}

test_shared_budget_under_freeze if {
	shared := {"direction": "increase", "campaign_id": "9", "shared_by": 2}
	findings := brand.findings with input as shared with data.frozen_campaigns as {"7": "relaunch"}
	{finding.rule | some finding in findings} == {"shared_budget_under_freeze"}
}

test_shared_budget_under_freeze_needs_a_freeze if {
	shared := {"direction": "increase", "campaign_id": "9", "shared_by": 2}
	count(brand.findings) == 0 with input as shared with data.frozen_campaigns as {}
}

transfer := {
	"kind": "budget_transfer",
	"direction": "increase",
	"campaign_id": "9",
	"raised_campaigns_micros": {"8": 0, "9": 520000000},
}

test_transfer_under_freeze if {
	findings := brand.findings with input as transfer with data.frozen_campaigns as {"7": "sold out", "8": "relaunch"}
	{finding.rule | some finding in findings} == {"transfer_under_freeze"}
}

test_transfer_under_freeze_spares_others if {
	count(brand.findings) == 0 with input as transfer with data.frozen_campaigns as {"7": "relaunch"}
}

test_transfer_under_freeze_needs_a_freeze if {
	count(brand.findings) == 0 with input as transfer with data.frozen_campaigns as {}
}

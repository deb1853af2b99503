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

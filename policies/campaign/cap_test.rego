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

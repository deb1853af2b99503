# Rules of single campaigns.
package countersign.campaign

# METADATA
# title: Over the campaign's own cap
# description: A cap on one campaign's daily budget, kept in data.
findings contains {
	"rule": "over_campaign_cap",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"finance": 1},
	"sla_minutes": 30,
	"words": sprintf("This campaign's daily budget is capped at %v %v: finance must sign.", [input.currency, cap / 1000000]),
} if {
	input.direction == "increase"
	cap := data.daily_caps_micros[input.campaign_id]
	input.after_micros > cap
}

# The brand's rules.
package countersign.brand

# METADATA
# title: Campaign under a freeze
# description: While the brand freezes a campaign, a rise is held until ops and finance sign. Lowering it stays possible.
findings contains {
	"rule": "campaign_frozen",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "finance": 1},
	"sla_minutes": 30,
	"ladder": [{"after_minutes": 10, "role": "finance_head"}],
	"words": sprintf("The brand has frozen this campaign (%v): a rise is held until ops and finance sign.", [reason]),
} if {
	input.direction == "increase"
	reason := data.frozen_campaigns[input.campaign_id]
}

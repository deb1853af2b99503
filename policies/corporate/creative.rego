# The company's rules about ads. What an ad promises is the company's word, so that people read every new text; a small one that raises no flag needs no editor of its own.
package countersign.corporate

# How much the agent itself says is at stake: the greatest of its five risk factors, from 0 to 1. It stands for the impact score of a creative.
creative_impact := max([
	input.risk_financial_exposure,
	input.risk_brand_safety,
	input.risk_regulatory_sensitivity,
	input.risk_audience_reach,
	input.risk_deviation_from_intent,
])

# The platform has objected to the ad that runs now, or may still do so.
platform_objects if input.platform_review in {"disapproved", "limited", "limited_by_area", "under_appeal"}

# No flags at all: none of the policy's words, none of the agent's own, none of the platform's, and the same landing page's host.
creative_without_flags if {
	not input.contains_restricted_terms
	input.policy_flags == 0
	not platform_objects
	not input.landing_host_changes
}

small_creative if {
	creative_without_flags
	creative_impact < data.limits.max_creative_impact_score
}

# METADATA
# title: Small new ad without flags
# description: The texts hold none of the restricted words, neither the agent nor the platform raises a flag, the landing page stays on its host, and the impact score is below the limit. Nobody beyond the base must sign, several may be signed together, and it may be made automatically where people have allowed that.
findings contains {
	"rule": "small_creative_without_flags",
	"outcome": "allow",
	"risk_tier": "low",
	"batch_class": "routine_creatives",
	"words": sprintf("No flag is raised and the impact score %v is below %v: no editor is needed.", [creative_impact, data.limits.max_creative_impact_score]),
} if {
	input.kind == "creative_swap"
	small_creative
}

# METADATA
# title: A new ad needs an editor
# description: A flag is raised, or the impact score reaches the limit, so that an editor must read the texts and sign.
findings contains {
	"rule": "creative_needs_editor",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"editor": 1},
	"sla_minutes": 240,
	"ladder": [{"after_minutes": 120, "role": "brand"}],
	"words": sprintf("%v texts change, with an impact score of %v: an editor must sign.", [input.texts_changed, creative_impact]),
} if {
	input.kind == "creative_swap"
	not small_creative
	not input.contains_restricted_terms
	input.policy_flags == 0
}

# METADATA
# title: Restricted words in a new ad
# description: The texts hold words of the policy's lists, such as medical or financial claims and guarantees. The company answers for such a promise before the law, so legal must sign, with a second factor, and silence never lets it through.
findings contains {
	"rule": "restricted_terms",
	"outcome": "escalate",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"legal": 1},
	"factors": {"to_decide": ["totp"], "to_override": ["totp"]},
	"sla_minutes": 480,
	"ladder": [{"after_minutes": 240, "role": "brand"}],
	"words": sprintf("The new texts hold %v (%v): legal must sign.", [input.restricted_terms, input.restricted_topics]),
} if {
	input.kind == "creative_swap"
	input.contains_restricted_terms
}

# METADATA
# title: The agent flags its own texts
# description: The agent says itself that its texts touch a policy. What it says can only make the rules stricter: legal must sign.
findings contains {
	"rule": "agent_flags_creative",
	"outcome": "escalate",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"legal": 1},
	"sla_minutes": 480,
	"ladder": [{"after_minutes": 240, "role": "brand"}],
	"words": sprintf("The agent itself raises %v flags about these texts: legal must sign.", [input.policy_flags]),
} if {
	input.kind == "creative_swap"
	input.policy_flags > 0
}

# METADATA
# title: The platform objects to the ad that runs
# description: The platform limits or disapproves the ad whose place the new one takes, so that the new texts may be an answer to that. Whoever signs should know; an editor must sign.
findings contains {
	"rule": "platform_objects_to_old_ad",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"editor": 1},
	"sla_minutes": 240,
	"ladder": [{"after_minutes": 120, "role": "brand"}],
	"words": sprintf("The platform's review of the ad that runs now says: %v. An editor must sign.", [replace(input.platform_review, "_", " ")]),
} if {
	input.kind == "creative_swap"
	platform_objects
}

# METADATA
# title: The landing page moves to another host
# description: People who click arrive somewhere else than before. An editor must sign for what they find there.
findings contains {
	"rule": "landing_host_changes",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"editor": 1},
	"sla_minutes": 240,
	"ladder": [{"after_minutes": 120, "role": "brand"}],
	"words": "The ad leads to another host than before: an editor must sign.",
} if {
	input.kind == "creative_swap"
	input.landing_host_changes
}

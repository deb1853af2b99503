# The company's rules about who is reached and who is left out. Sizes are the platform's, consent and regions the agent's word, and what is sensitive the company's list, the audience's name or the agent's own word.
package countersign.corporate

audience_kinds := {"audience_add", "audience_exclude"}

people_are_reached if {
	input.kind in audience_kinds
	input.direction == "increase"
}

people_are_left_out if {
	input.kind in audience_kinds
	input.direction == "decrease"
}

# METADATA
# title: People are reached
# description: Further people see the ads. Whoever owns the channel must sign.
findings contains {
	"rule": "people_are_reached",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"channel_owner": 1},
	"sla_minutes": 60,
	"ladder": [{"after_minutes": 40, "role": "marketing_head"}],
	"words": "Further people are reached: channel_owner must sign.",
} if {
	people_are_reached
}

# METADATA
# title: People are left out
# description: To leave people out is of high risk: whoever owns the channel and legal must both sign, and silence never lets it through.
findings contains {
	"rule": "people_are_left_out",
	"outcome": "escalate",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"channel_owner": 1, "legal": 1},
	"factors": {"to_decide": [], "to_override": ["totp"]},
	"sla_minutes": 120,
	"ladder": [{"after_minutes": 80, "role": "marketing_head"}],
	"words": "People are left out: channel_owner and legal must both sign.",
} if {
	people_are_left_out
}

# METADATA
# title: A sensitive audience
# description: At least one of the audiences says of people what the law protects: health, origin, politics, sexual orientation or religion. It is held until ops, the channel's owner and legal have signed with a second factor.
findings contains {
	"rule": "sensitive_audience",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"ops": 1, "channel_owner": 1, "legal": 1},
	"factors": {"to_decide": ["totp"], "to_override": ["totp"]},
	"sla_minutes": 240,
	"ladder": [{"after_minutes": 160, "role": "marketing_head"}],
	"words": sprintf("Sensitive: %v of %v audiences. It is held until ops, channel_owner and legal have signed with a second factor.", [input.sensitive_audiences, input.audiences]),
} if {
	input.kind in audience_kinds
	input.sensitive_audiences > 0
}

# METADATA
# title: Nobody says that these people agreed
# description: At least one of the audiences holds people where consent alone counts, or nobody says where they are, and the agent does not claim their consent. They are not to be reached before legal has looked at it.
findings contains {
	"rule": "audience_without_consent",
	"outcome": "escalate",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"legal": 1},
	"factors": {"to_decide": ["totp"], "to_override": ["totp"]},
	"sla_minutes": 120,
	"ladder": [{"after_minutes": 80, "role": "marketing_head"}],
	"words": sprintf("Consent is needed and not claimed: %v of %v audiences. legal must sign.", [input.audiences_without_consent, input.audiences]),
} if {
	people_are_reached
	input.audiences_without_consent > 0
}

# METADATA
# title: A small audience
# description: At least one of the audiences holds fewer people than the limit, so that an ad may single somebody out. legal must sign.
findings contains {
	"rule": "audience_too_small",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"legal": 1},
	"sla_minutes": 120,
	"ladder": [{"after_minutes": 80, "role": "marketing_head"}],
	"words": sprintf("An audience here holds %v people, fewer than %v: legal must sign.", [input.smallest_audience, data.limits.min_audience_size]),
} if {
	people_are_reached
	input.smallest_audience != null
	input.smallest_audience < data.limits.min_audience_size
}

# METADATA
# title: An audience of unknown size
# description: The platform does not say how many people at least one of the lists or segments holds, so it cannot be compared with the limit. legal must sign.
findings contains {
	"rule": "audience_of_unknown_size",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"legal": 1},
	"sla_minutes": 120,
	"ladder": [{"after_minutes": 80, "role": "marketing_head"}],
	"words": sprintf("The platform does not say how many people are in %v of %v audiences: legal must sign.", [input.audiences_of_unknown_size, input.audiences]),
} if {
	people_are_reached
	input.audiences_of_unknown_size > 0
}

# METADATA
# title: Shoppers are left out in a sale
# description: At least one of the audiences is about to buy, and the change would last into a sale. They are not to be left out then: the change is held until the head of marketing has signed beside the channel's owner and legal.
findings contains {
	"rule": "shoppers_left_out_in_a_sale",
	"outcome": "hold",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"marketing_head": 1, "channel_owner": 1, "legal": 1},
	"factors": {"to_decide": ["totp"], "to_override": ["totp"]},
	"sla_minutes": 240,
	"ladder": [{"after_minutes": 160, "role": "marketing_head"}],
	"words": sprintf("About to buy, and left out in a sale: %v of %v audiences. It is held until marketing_head, channel_owner and legal have signed.", [input.shoppers_in_sale, input.audiences]),
} if {
	people_are_left_out
	input.shoppers_in_sale > 0
}

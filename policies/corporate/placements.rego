# The company's rules about where ads are shown. A place's score is the lower one of what the company knows and what the agent says.
package countersign.corporate

placement_kinds := {"placement_add", "placement_exclude"}

places_are_opened if {
	input.kind in placement_kinds
	input.direction == "increase"
}

# METADATA
# title: A place below the suitability score
# description: At least one of the places scores below the limit, by the company's own review or by the agent's source. Ads are not shown there, whoever asks for it.
findings contains {
	"rule": "placement_below_score",
	"outcome": "block",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"sla_minutes": 60,
	"ladder": [{"after_minutes": 40, "role": "marketing_head"}],
	"words": sprintf("A place here scores %v, below %v: no ads are shown there.", [input.lowest_place_score, data.limits.min_placement_score]),
} if {
	places_are_opened
	input.lowest_place_score != null
	input.lowest_place_score < data.limits.min_placement_score
}

# METADATA
# title: A place that nobody has vetted
# description: At least one of the places is not in the company's own list of vetted ones, so the brand role must look at it and sign.
findings contains {
	"rule": "place_not_vetted",
	"outcome": "escalate",
	"risk_tier": "medium",
	"decision_type": "human_owned",
	"roles": {"brand": 1},
	"sla_minutes": 60,
	"ladder": [{"after_minutes": 40, "role": "marketing_head"}],
	"words": sprintf("Not vetted: %v of %v places. brand must review and sign.", [input.unvetted_places, input.places]),
} if {
	places_are_opened
	input.unvetted_places > 0
}

# METADATA
# title: A place of high risk
# description: The company marks at least one of the places as of high risk. A person of the brand role signs it off each time, with a second factor, and silence never lets it through.
findings contains {
	"rule": "place_of_high_risk",
	"outcome": "escalate",
	"risk_tier": "high",
	"decision_type": "human_owned",
	"roles": {"brand": 1},
	"factors": {"to_decide": ["totp"], "to_override": ["totp"]},
	"sla_minutes": 60,
	"ladder": [{"after_minutes": 40, "role": "marketing_head"}],
	"words": sprintf("High risk: %v of %v places. brand must sign off by hand, with a second factor.", [input.high_risk_places, input.places]),
} if {
	places_are_opened
	input.high_risk_places > 0
}

# METADATA
# title: Places where ads may be shown
# description: Where ads are shown belongs to the brand, vetted or not, so the brand role must sign.
findings contains {
	"rule": "places_belong_to_the_brand",
	"outcome": "escalate",
	"risk_tier": "low",
	"decision_type": "human_owned",
	"roles": {"brand": 1},
	"sla_minutes": 60,
	"words": "Where ads are shown belongs to the brand: brand must sign.",
} if {
	places_are_opened
}

# METADATA
# title: Places where ads are shown no longer
# description: Fewer places are reached, so nothing can block it; the brand role signs, because reach is lost.
findings contains {
	"rule": "fewer_places",
	"outcome": "escalate",
	"risk_tier": "low",
	"decision_type": "human_owned",
	"roles": {"brand": 1},
	"sla_minutes": 60,
	"batch_class": "routine_places",
	"words": "Ads are shown in fewer places: brand must sign.",
} if {
	input.kind in placement_kinds
	input.direction == "decrease"
}

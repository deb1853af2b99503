# Tests of the rules about ads.
package countersign.corporate_test

import data.countersign.corporate

creative_swap := {
	"kind": "creative_swap",
	"direction": "none",
	"texts_changed": 2,
	"landing_host_changes": false,
	"landing_loses_encryption": false,
	"platform_review": "approved",
	"policy_flags": 0,
	"contains_restricted_terms": false,
	"restricted_topics": null,
	"restricted_terms": null,
	"risk_financial_exposure": 0.05,
	"risk_brand_safety": 0.19,
	"risk_regulatory_sensitivity": 0.1,
	"risk_audience_reach": 0.1,
	"risk_deviation_from_intent": 0.1,
}

creative_fired(facts) := rules if {
	findings := corporate.findings with input as object.union(creative_swap, facts)
	rules := {finding.rule | some finding in findings}
}

creative_roles(facts) := roles if {
	findings := corporate.findings with input as object.union(creative_swap, facts)
	roles := {role | some finding in findings; some role, _ in finding.roles}
}

restricted := {
	"contains_restricted_terms": true,
	"restricted_topics": "medical claim",
	"restricted_terms": "“cure*”",
}

test_small_creative_without_flags if {
	creative_fired({}) == {"small_creative_without_flags"}
	creative_roles({}) == set()
}

test_creative_needs_editor if {
	creative_fired({"risk_brand_safety": 0.2}) == {"creative_needs_editor"}
	creative_roles({"risk_brand_safety": 0.2}) == {"editor"}
	creative_fired({"risk_financial_exposure": 0.3}) == {"creative_needs_editor"}
	creative_fired({"risk_regulatory_sensitivity": 0.3}) == {"creative_needs_editor"}
	creative_fired({"risk_audience_reach": 0.3}) == {"creative_needs_editor"}
	creative_fired({"risk_deviation_from_intent": 0.3}) == {"creative_needs_editor"}
}

test_restricted_terms if {
	creative_fired(restricted) == {"restricted_terms"}
	creative_roles(restricted) == {"legal"}
	creative_fired(object.union(restricted, {"risk_brand_safety": 0.9})) == {"restricted_terms"}
	findings := corporate.findings with input as object.union(creative_swap, restricted)
	some finding in findings
	finding.words == "The new texts hold “cure*” (medical claim): legal must sign."
	finding.risk_tier == "high"
}

test_agent_flags_creative if {
	creative_fired({"policy_flags": 2}) == {"agent_flags_creative"}
	creative_roles({"policy_flags": 2}) == {"legal"}
	creative_fired(object.union(restricted, {"policy_flags": 1})) == {"restricted_terms", "agent_flags_creative"}
}

test_platform_objects_to_old_ad if {
	every review in ["disapproved", "limited", "limited_by_area", "under_appeal"] {
		creative_fired({"platform_review": review}) == {"platform_objects_to_old_ad", "creative_needs_editor"}
	}
	every review in ["in_review", "may_serve", "unknown"] {
		creative_fired({"platform_review": review}) == {"small_creative_without_flags"}
	}
}

test_landing_host_changes if {
	creative_fired({"landing_host_changes": true}) == {"landing_host_changes", "creative_needs_editor"}
	creative_roles({"landing_host_changes": true}) == {"editor"}
}

test_only_small_creatives_may_be_signed_together if {
	findings := corporate.findings with input as creative_swap
	{finding.batch_class | some finding in findings} == {"routine_creatives"}
	flagged := corporate.findings with input as object.union(creative_swap, restricted)
	{finding.batch_class | some finding in flagged} == set()
}

test_ads_are_judged_only_where_an_ad_changes if {
	creative_fired(object.union(restricted, {"kind": "status_change", "policy_flags": 1, "landing_host_changes": true, "platform_review": "disapproved"})) == set()
}

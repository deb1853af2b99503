// Cases that no designer draws: each must still be laid out well. `?scenario=bad`.
import type { DraftView } from '../bindings/DraftView';
import type { FlagView } from '../bindings/FlagView';
import type { InputKindName } from '../bindings/InputKindName';
import { opening, proposalId, type Plan } from './plans';

const LAYERS = ['protocol', 'corporate', 'brand', 'campaign'] as const;

const KINDS: readonly InputKindName[] = ['campaign_history', 'real_time_signals', 'creative_assets', 'business_constraints', 'market_data'];

const SENTENCES = [
  'Demand in the covered regions rises ahead of the weekend while the auction pressure stays flat.',
  'The response curve is still steep at the current level, so more budget should be met by nearly proportional conversions.',
  'Frequency is inside its band, and the overlap with other audiences fell for the third week.',
  'Against that stands the thin stock of the two best-selling sizes, which the feed reports once a day only.',
  'A comparable step in spring held its effect for nine days and then decayed to about half.',
  'The interval is wide because the last holiday week is not in the training window.',
];

/** About two thousand words, in paragraphs. */
function longRationale(): string {
  const paragraphs = Array.from({ length: 24 }, (_, paragraph) =>
    Array.from({ length: 6 }, (_, index) => SENTENCES[(paragraph + index * 5) % SENTENCES.length] as string).join(' '));
  return paragraphs.join('\n\n');
}

/** As much as a draft may hold, all of it long, and one word that does not break. */
function muchTold(): Partial<DraftView> {
  const all = SENTENCES.join(' ');
  const unbroken = 'reports.example/' + 'a'.repeat(400);
  return {
    uncertainty: longRationale().slice(0, 4_000),
    escalation_rule: `${all} ${all}`,
    risk_factors: { financial_exposure: 1, brand_safety: 0.67, regulatory_sensitivity: 0.34, audience_reach: 0.339999, deviation_from_intent: 0 },
    next_steps: Array.from({ length: 10 }, (_, index) => SENTENCES[index % SENTENCES.length] as string),
    inputs_considered: Array.from({ length: 20 }, (_, index) => ({ kind: KINDS[index % KINDS.length] as InputKindName, about: all.slice(0, 500) })),
    source_references: Array.from({ length: 20 }, () => ({ title: all.slice(0, 200), location: unbroken, digest: 'ab'.repeat(32) })),
    recommended_action: all,
    counterfactual: `${all} ${unbroken}`,
  };
}

function manyFlags(): FlagView[] {
  return Array.from({ length: 60 }, (_, index) => ({
    rule: `regional_ceiling_${String(index + 1).padStart(2, '0')}`,
    layer: LAYERS[Math.floor(index / 15)] ?? 'corporate',
    outcome: index % 7 === 0 ? 'hold' : 'escalate',
    words: `Region ${index + 1}: a rise over 15 % in a week needs operations and finance, because its ceiling for the quarter is nearly used up.`,
  }));
}

/** The bad cases; ids from 901. */
export const BAD_PLANS: Plan[] = ([
  { campaign: 'missing_blob', before: 120, after: 150, state: 'deciding', decideBy: 30, tier: 'medium', roles: ['ops', 'finance'], missing: ['pacing_series', 'forecast', 'backtest'], trigger: 'Its evidence has not reached this device.', log: opening(150) },
  { campaign: 'absurd_amount', before: 0.01, after: 9_223_372_036_854.77, state: 'deciding', decideBy: 35, tier: 'high', roles: ['ops', 'finance'], window: true, trigger: 'A unit was mistaken for a micro.', log: opening(9_223_372_036_854.77) },
  { campaign: 'two_thousand_words', before: 75, after: 90, state: 'deciding', decideBy: 40, tier: 'medium', roles: ['ops', 'finance'], rationale: longRationale(), told: muchTold(), trigger: SENTENCES.join(' '), log: opening(90) },
  {
    campaign: 'حملة_الشتاء ❄️ مبيعات', before: 64, after: 80, state: 'deciding', decideBy: 45, tier: 'medium', roles: ['ops', 'finance'], currency: 'AED',
    rationale: 'يرتفع الطلب قبل نهاية الأسبوع بينما تبقى المنافسة ثابتة. 🧥🌧️ النص مختلط: budget +25 % ثم يعود إلى العربية. 👩🏽‍💻👨‍👩‍👧‍👦',
    told: { uncertainty: 'لا نعرف ما سيعرضه المنافسون هذا الأسبوع. CPC +25 % غير مؤكد.', escalation_rule: 'إذا كان الربح غير مؤكد، يقرر مدير التسويق.', next_steps: ['مقارنة النتائج بعد يوم واحد 🔎'] },
    trigger: 'الطلب على «معطف المطر» أعلى بنسبة 38 ٪ 🔥', intent: 'بيع بقية الموسم بالهامش الكامل 🎯', log: opening(80),
  },
  { campaign: 'sixty_flags', before: 300, after: 420, state: 'deciding', decideBy: 50, tier: 'high', roles: ['ops', 'finance'], flags: manyFlags(), trigger: 'Every region has a rule of its own.', log: opening(420, 60) },
  { campaign: 'forty_signatures', before: 300, after: 330, state: 'deciding', decideBy: 55, tier: 'high', roles: ['ops', 'finance'], signatures: 40, trigger: 'A change that a whole board signs.', log: opening(330) },
  { campaign: 'zero_history', before: 0, after: 25, state: 'deciding', decideBy: 60, tier: 'medium', roles: ['ops', 'finance'], noHistory: true, trigger: 'The campaign starts today.', log: opening(25) },
  { campaign: 'an_extraordinarily_long_campaign_name_without_a_single_space_that_somebody_generated_from_a_spreadsheet_2026_q4_emea_dach_prospecting_v17_final_final', before: 10, after: 11, state: 'deciding', decideBy: 65, tier: 'low', roles: ['ops', 'finance'], trigger: 'One word, a hundred and forty letters.', log: opening(11) },
  { campaign: 'understated_quorum', before: 300, after: 420, state: 'deciding', decideBy: 57, tier: 'medium', roles: ['finance'], contradicted: 'the policy in force says something other than the verdict: quorum differs', trigger: 'A gate that asks for one signature too few.', log: opening(420) },
] satisfies Omit<Plan, 'id'>[]).map((plan, index) => ({ id: proposalId(901 + index), ...plan }));

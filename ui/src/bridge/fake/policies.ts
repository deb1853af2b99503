// The repository's own policy files, read as the gate publishes them, and a trial that
// judges the cases again with other limits.
import type { DecisionTypeName } from '../bindings/DecisionTypeName';
import type { FactorName } from '../bindings/FactorName';
import type { LayerName } from '../bindings/LayerName';
import type { LimitUnit } from '../bindings/LimitUnit';
import type { LimitView } from '../bindings/LimitView';
import type { PoliciesView } from '../bindings/PoliciesView';
import type { PolicyTrial } from '../bindings/PolicyTrial';
import type { RiskTierName } from '../bindings/RiskTierName';
import type { RuleView } from '../bindings/RuleView';
import type { TrialOutcome } from '../bindings/TrialOutcome';
import type { TrialView } from '../bindings/TrialView';
import freeze from '../../../../policies/brand/freeze.rego?raw';
import cap from '../../../../policies/campaign/cap.rego?raw';
import budget from '../../../../policies/corporate/budget.rego?raw';
import data from '../../../../policies/data.json?raw';
import guard from '../../../../policies/protocol/guard.rego?raw';
import type { CaseView } from '../bindings/CaseView';
import { spendOf } from './change';
import { micros } from './money';
import { refusal } from './problem';
import { digestOf } from './random';

const DAY = 86_400_000;
const MOST_ROWS = 200;
const OUTCOMES = ['allow', 'escalate', 'hold', 'block'] as const;
const TIERS = ['low', 'medium', 'high'] as const;

const FILES: Record<string, [file: string, text: string]> = {
  protocol: ['protocol/guard.rego', guard],
  corporate: ['corporate/budget.rego', budget],
  brand: ['brand/freeze.rego', freeze],
  campaign: ['campaign/cap.rego', cap],
};

interface PolicyData {
  version: string;
  base: {
    decision_type: DecisionTypeName; risk_tier: RiskTierName; roles: Record<string, number>; sla_minutes: number;
    factors: Record<'to_decide' | 'to_override', FactorName[]>; ladder?: { after_minutes: number; role: string }[];
  };
  layers: Record<string, { limits: Record<string, number> }>;
}

const DATA = JSON.parse(data) as PolicyData;

/** The policy in force. */
export function policiesView(views: CaseView[], nowMs: number): PoliciesView {
  const recent = views.filter((view) => view.created_at_ms >= nowMs - 90 * DAY);
  const { base } = DATA;
  return {
    version: DATA.version,
    digest: digestOf('policy'),
    received_at_ms: nowMs - 3 * DAY,
    layers: Object.entries(FILES).map(([layer, [file, text]]) => ({
      layer: layer as LayerName,
      rules: rulesIn(text, file, recent),
      limits: limitsOf(layer),
    })),
    base: {
      decision_type: base.decision_type,
      risk_tier: base.risk_tier,
      roles: Object.entries(base.roles).map(([key, persons]) => ({ key, value: String(persons) })),
      sla_minutes: base.sla_minutes,
      factors_to_decide: base.factors.to_decide,
      factors_to_override: base.factors.to_override,
      ladder: (base.ladder ?? []).map((step) => ({ key: step.role, value: String(step.after_minutes) })),
    },
  };
}

function rulesIn(text: string, file: string, views: CaseView[]): RuleView[] {
  return text.split('# METADATA').slice(1).map((block): RuleView => {
    const of = (pattern: RegExp): string => pattern.exec(block)?.[1]?.trim() ?? '';
    const rule = of(/"rule":\s*"([a-z_]+)"/);
    const roles = of(/"roles":\s*\{([^}]*)\}/);
    const minutes = of(/"sla_minutes":\s*(\d+)/);
    return {
      rule,
      title: of(/# title: (.+)/),
      description: of(/# description: (.+)/),
      outcome: OUTCOMES.find((one) => one === of(/"outcome":\s*"([a-z]+)"/)) ?? null,
      risk_tier: TIERS.find((one) => one === of(/"risk_tier":\s*"([a-z]+)"/)) ?? null,
      roles: [...roles.matchAll(/"([a-z]+)":\s*(\d+)/g)].map((found) => ({ key: found[1] as string, value: found[2] as string })),
      sla_minutes: minutes === '' ? null : Number(minutes),
      file,
      text: block.slice(block.indexOf('findings')).trimEnd(),
      fired: views.filter((view) => view.verdict.flags.some((flag) => flag.rule === rule)).length,
    };
  });
}

function unitOf(key: string): LimitUnit {
  if (key.endsWith('_percent') || key.includes('percent_')) return 'percent';
  if (key.endsWith('_micros')) return 'micros';
  return key.startsWith('max_campaigns') ? 'count' : 'ratio';
}

function limitsOf(layer: string): LimitView[] {
  return Object.entries(DATA.layers[layer]?.limits ?? {}).map(([key, value]) => ({ key, value: String(value), unit: unitOf(key), in_force: String(value) }));
}

/** What other limits would have done to the cases of the last so many days. */
export function trial(asked: PolicyTrial, views: CaseView[], nowMs: number): TrialView {
  const changed = { ...limits() };
  const conflicts: string[] = [];
  for (const { layer, key, value } of asked.limits) {
    if (DATA.layers[layer]?.limits[key] === undefined || !/^-?\d+(\.\d+)?$/.test(value)) throw refusal('limit_unknown');
    if (layer === 'corporate' && key === 'max_single_move_micros' && Number(value) > (changed['max_trailing_move_micros'] ?? Infinity)) {
      conflicts.push('corporate.max_single_move_micros is wider than protocol.max_trailing_move_micros; the protocol’s limit stays.');
    }
    changed[key] = Number(value);
  }
  const recent = views.filter((view) => view.created_at_ms >= nowMs - asked.days * DAY);
  const judged = recent.filter((view) => view.pacing !== null).map((view) => ({ view, was: judge(view, limits()), would: judge(view, changed) }));
  const other = judged.filter(({ was, would }) => JSON.stringify(was) !== JSON.stringify(would));
  other.sort((a, b) => b.view.created_at_ms - a.view.created_at_ms);
  return {
    cases: judged.length,
    not_replayable: recent.length - judged.length,
    changed: other.length,
    totals: OUTCOMES.map((outcome) => ({
      outcome,
      was: judged.filter(({ was }) => was.outcome === outcome).length,
      would_be: judged.filter(({ would }) => would.outcome === outcome).length,
    })),
    rows: other.slice(0, MOST_ROWS).map(({ view, was, would }) => ({
      proposal: view.proposal, campaign: view.change.campaign, diff: view.change.diff,
      created_at_ms: view.created_at_ms, was, would_be: would,
    })),
    conflicts,
    took_ms: Math.max(1, Math.round(judged.length * 0.4)),
  };
}

const limits = (): Record<string, number> => Object.assign({}, ...Object.values(DATA.layers).map((layer) => layer.limits)) as Record<string, number>;

/** The rules in short: enough for a trial of limits. Rises of days before are not counted, caps and freezes are none. */
function judge({ change, draft }: CaseView, at: Record<string, number>): TrialOutcome {
  const limit = (key: string): number => at[key] ?? Infinity;
  const both = ['finance', 'ops'];
  const held: TrialOutcome = { outcome: 'hold', risk_tier: 'high', roles: both };
  const { confidence, predicted_lift } = draft ?? { confidence: 1, predicted_lift: null };
  const raised = Number(micros(spendOf(change).delta));
  if (raised < 0) return { outcome: 'allow', risk_tier: 'low', roles: ['ops'] };
  // From nothing there is no percentage: it counts as the largest rise.
  const percent = spendOf(change).ratio === null ? Infinity : (spendOf(change).ratio ?? 0) * 100;
  const wide = percent > limit('max_change_percent');
  if (percent > limit('max_change_percent_before_hold')) return held;
  if (wide && confidence < limit('min_confidence_beyond_limits')) return held;
  const large = raised * 7 > limit('max_single_move_micros');
  if (wide || large || change.shared_by > limit('max_campaigns_per_budget')) return { outcome: 'escalate', risk_tier: 'medium', roles: both };
  const unsure = confidence < limit('min_confidence') || (predicted_lift !== null && predicted_lift.value <= limit('min_lift'));
  const share = percent > limit('max_share_of_weekly_budget_percent');
  return { outcome: unsure || share ? 'escalate' : 'allow', risk_tier: unsure || share ? 'medium' : 'low', roles: ['ops'] };
}

// The agent's own estimate of what is at risk, in words.
import type { RiskFactorsView } from '../bridge/bindings/RiskFactorsView';

/** A risk factor. */
export type RiskFactor = keyof RiskFactorsView;
/** How high one is. */
export type RiskLevel = 'low' | 'medium' | 'high';

/** In the order in which they are told. */
export const RISK_FACTORS: readonly RiskFactor[] = ['financial_exposure', 'brand_safety', 'regulatory_sensitivity', 'audience_reach', 'deviation_from_intent'];

/** From here on a risk is medium. */
const MEDIUM = 0.34;
/** From here on a risk is high. */
const HIGH = 0.67;

/** The word for a share from 0 to 1. */
export const riskLevel = (share: number): RiskLevel => (share >= HIGH ? 'high' : share >= MEDIUM ? 'medium' : 'low');

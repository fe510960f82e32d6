/**
 * What a variant made of the outage that the first variant of its scenario had: whether it prevented it, stopped it,
 * softened it, or did nothing for it. docs/incidents.md has the definitions in words.
 */
import { listed } from '../../core/text-table.js';
import { formatDuration, formatRatio } from '../../core/units.js';
import { RECOVERY_AVAILABILITY } from '../measure/recovery.js';
import { WHOLE_RUN } from '../metrics/metrics.js';
import type { Result, VariantResult } from '../result.js';
import { CONTROL_VARIANT } from '../scenario.js';

export type Effect = 'prevented' | 'stopped' | 'softened' | 'no-help' | 'worse';

/** What counts for which effect. */
export const EFFECT_LIMITS = {
  /** Service is good with so many good answers; as `recovered` has it. */
  goodAvailability: RECOVERY_AVAILABILITY,
  /** An outage is stopped when service is good so soon after the cause is gone: five seconds, whatever the patience. */
  recoveryMs: 5_000,
  /**
   * It is softened when not more than this share of the first variant's failures is left, or when service is good again
   * at all, and the first variant's never was.
   */
  softenedShare: 0.5,
  /** It is made worse when there are more failures than the first variant's, by this factor… */
  worseFactor: 1.1,
  /** …and by this share of the requests, or two failures would be worse than one. */
  worseShare: 0.01,
} as const;

/**
 * Whether service was good afterwards: in the window `after`; where there is none, for 3 s after it had
 * failed, or always.
 */
export const hasRecovered = ({ windows: { after }, recoveredMs }: VariantResult): boolean =>
  after === undefined ? recoveredMs !== null : (after.availability ?? 0) >= EFFECT_LIMITS.goodAvailability;

/** In the window `outage`; where there is none, in the whole run. */
const servedShare = ({ windows }: VariantResult): number =>
  (windows.outage ?? windows[WHOLE_RUN])?.availability ?? 1;

/** Of the whole run: an outage that outlives its cause is as long as the run. */
const failedShare = ({ windows }: VariantResult): number => 1 - (windows[WHOLE_RUN]?.availability ?? 1);

const isPrevented = (variant: VariantResult): boolean =>
  servedShare(variant) >= EFFECT_LIMITS.goodAvailability && hasRecovered(variant);

const recoversSoon = (variant: VariantResult): boolean =>
  hasRecovered(variant) &&
  (variant.windows.outage === undefined || (variant.recoveryMs ?? Infinity) <= EFFECT_LIMITS.recoveryMs);

/** Late, but the other never does. */
const comesBack = (variant: VariantResult, reference: VariantResult): boolean =>
  variant.recoveredMs !== null && reference.recoveredMs === null;

/** What a variant made of the outage of another, which ran under the same arrivals. */
export const effectOf = (variant: VariantResult, reference: VariantResult): Effect => {
  if (isPrevented(variant)) return 'prevented';
  const [failed, failedBefore] = [failedShare(variant), failedShare(reference)];
  const { worseFactor, worseShare, softenedShare } = EFFECT_LIMITS;
  if (failed > failedBefore * worseFactor && failed > failedBefore + worseShare) return 'worse';
  if (recoversSoon(variant) && !recoversSoon(reference)) return 'stopped';
  return failed <= failedBefore * softenedShare || comesBack(variant, reference) ? 'softened' : 'no-help';
};

const EFFECT_VERBS: Readonly<Record<Effect, string>> = {
  prevented: 'prevented it',
  stopped: 'stopped it',
  softened: 'softened it',
  'no-help': 'did not help',
  worse: 'made it worse',
};

/** Where the difference is to be seen: after the outage, if the first variant's outlived its cause. */
const isLasting = (reference: VariantResult): boolean =>
  reference.windows.after !== undefined && !hasRecovered(reference);

const shareText = (variant: VariantResult, lasting: boolean): string =>
  formatRatio((lasting ? variant.windows.after?.availability : servedShare(variant)) ?? 0);

const spanText = (reference: VariantResult, lasting: boolean): string => {
  // Not that the cause was gone by then: of a leak that is never taken back it is not.
  if (lasting) return 'in the window after';
  return reference.windows.outage === undefined ? 'in the run' : 'in the outage';
};

const evidence = (variant: VariantResult, effect: Effect, lasting: boolean): string => {
  const share = shareText(variant, lasting);
  const { recoveryMs } = variant;
  return effect === 'stopped' && recoveryMs !== null
    ? `${share}, good again within ${formatDuration(recoveryMs)}`
    : share;
};

/** What of it was served, and when. */
const servedText = (reference: VariantResult): string => {
  const lasting = isLasting(reference);
  return `served ${shareText(reference, lasting)} ${spanText(reference, lasting)}`;
};

/** Nothing goes wrong in it, so it prevents nothing. */
const isControl = ({ name }: VariantResult): boolean => name === CONTROL_VARIANT;

const controlText = (variant: VariantResult, lasting: boolean): string =>
  `${variant.name}, the control, served ${shareText(variant, lasting)}`;

/** One sentence about one variant: what it made of the outage of the first, and the shares that say so. */
export const effectSentence = (variant: VariantResult, reference: VariantResult): string => {
  const lasting = isLasting(reference);
  if (isControl(variant)) {
    return `${controlText(variant, lasting)}: ${reference.name} ${servedText(reference)}.`;
  }
  const effect = effectOf(variant, reference);
  const share = evidence(variant, effect, lasting);
  return `${variant.name} ${EFFECT_VERBS[effect]} (${share}): ${reference.name} ${servedText(reference)}.`;
};

/** What became of the only variant there is. */
const aloneSentence = (variant: VariantResult): string => {
  if (isPrevented(variant)) return `${variant.name} had no outage: it ${servedText(variant)}.`;
  const end =
    variant.recoveredMs === null
      ? 'and was never good again'
      : `and was good again at ${formatDuration(variant.recoveredMs)}`;
  return `${variant.name} ${servedText(variant)}, ${end}.`;
};

/**
 * One sentence that says what stopped the cascade and what did not, by comparing every variant with the first; empty
 * where nothing was measured.
 */
export const causalSentence = ({ variants }: Pick<Result, 'variants'>): string => {
  const [reference, ...others] = variants;
  if (reference === undefined) return '';
  if (others.length === 0) return aloneSentence(reference);
  const lasting = isLasting(reference);
  const controls = others.filter(isControl).map((variant) => controlText(variant, lasting));
  const tried = others.filter((variant) => !isControl(variant));
  const told = tried.map((variant) => ({ variant, effect: effectOf(variant, reference) }));
  const groupsOf = (effects: readonly Effect[]): string[] =>
    effects.flatMap((effect): string[] => {
      const names = told
        .filter((one) => one.effect === effect)
        .map(({ variant }) => `${variant.name} (${evidence(variant, effect, lasting)})`);
      return names.length === 0 ? [] : [`${listed(names)} ${EFFECT_VERBS[effect]}`];
    });
  if (isPrevented(reference)) {
    const worse = told.filter(({ effect }) => effect === 'worse').map(({ variant }) => variant.name);
    const rest = worse.length === 0 ? 'and there was nothing to stop' : `and ${listed(worse)} made it worse`;
    return `${reference.name} ${servedText(reference)}, ${rest}.`;
  }
  const helped = groupsOf(['prevented', 'stopped', 'softened']);
  const failed = groupsOf(['no-help', 'worse']);
  if (tried.length === 0) return `${reference.name} ${servedText(reference)}; ${listed(controls)}.`;
  const parts = [helped.length === 0 ? 'nothing stopped it' : listed(helped), ...failed, ...controls];
  return `Where ${reference.name} ${servedText(reference)}, ${parts.join('; ')}.`;
};

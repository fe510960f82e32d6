/** What stopped a cascade and what did not, from what the variants measured. */
import { describe, expect, it } from 'vitest';
import { WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import {
  causalSentence,
  EFFECT_LIMITS,
  type Effect,
  effectOf,
  effectSentence,
} from '../../../src/scenarios/report/cascade.js';
import type { VariantResult } from '../../../src/scenarios/result.js';
import { variantResult, windowResult } from '../../support/records.js';

interface Shares {
  readonly outage: number;
  readonly after: number;
  readonly run: number;
  readonly recoveryMs?: number | null;
}

const variantOf = (name: string, { outage, after, run, recoveryMs = 0 }: Shares): VariantResult =>
  variantResult({
    name,
    windows: {
      outage: windowResult({ availability: outage }),
      after: windowResult({ availability: after }),
      [WHOLE_RUN]: windowResult({ availability: run }),
    },
    recoveryMs,
    recoveredMs: recoveryMs,
  });

/** It ended when its cause did. */
const ended = variantOf('as-it-happened', { outage: 0.4, after: 1, run: 0.7 });
/** It went on without its cause. */
const lasting = variantOf('as-it-happened', { outage: 0.3, after: 0, run: 0.3, recoveryMs: null });

describe('the effect of a variant', () => {
  it.each<[Effect, VariantResult, Shares]>([
    ['prevented', ended, { outage: 0.99, after: 0.99, run: 0.99 }],
    ['prevented', lasting, { outage: 0.99, after: 0.99, run: 0.99 }],
    ['softened', ended, { outage: 0.98, after: 1, run: 0.99 }],
    ['softened', ended, { outage: 0.7, after: 1, run: 0.85 }],
    ['no-help', ended, { outage: 0.69, after: 1, run: 0.849 }],
    ['no-help', ended, { outage: 0.4, after: 1, run: 0.67 }],
    ['worse', ended, { outage: 0.3, after: 1, run: 0.66 }],
    ['worse', ended, { outage: 1, after: 0.5, run: 0.6 }],
    ['stopped', lasting, { outage: 0.7, after: 1, run: 0.8, recoveryMs: EFFECT_LIMITS.recoveryMs }],
    ['softened', lasting, { outage: 0.7, after: 1, run: 0.8, recoveryMs: EFFECT_LIMITS.recoveryMs + 1 }],
    ['no-help', lasting, { outage: 0.35, after: 0.26, run: 0.4, recoveryMs: null }],
    // Late, but the first never comes back.
    ['softened', lasting, { outage: 0.3, after: 1, run: 0.4, recoveryMs: 16_000 }],
    ['no-help', ended, { outage: 0.4, after: 1, run: 0.7, recoveryMs: 16_000 }],
  ])('is %s', (effect, reference, shares) => {
    expect(effectOf(variantOf('other', shares), reference)).toBe(effect);
  });

  it('is not worse for a failure more, where there were next to none', () => {
    const calm = variantOf('calm', { outage: 0.98, after: 1, run: 0.999 });
    expect(effectOf(variantOf('other', { outage: 0.98, after: 1, run: 0.992 }), calm)).toBe('no-help');
  });
});

describe('the sentence', () => {
  it('says what helped, how much, and what did not', () => {
    const variants = [
      ended,
      variantOf('limits', { outage: 0.38, after: 1, run: 0.68 }),
      variantOf('fast-rollback', { outage: 0.82, after: 1, run: 0.9 }),
      variantOf('canary', { outage: 1, after: 1, run: 1 }),
      variantOf('more-retries', { outage: 0.2, after: 1, run: 0.5 }),
    ];
    expect(causalSentence({ variants })).toBe(
      'Where as-it-happened served 40% in the outage, canary (100%) prevented it and fast-rollback (82%) softened it; ' +
        'limits (38%) did not help; more-retries (20%) made it worse.',
    );
    expect(effectSentence(variants[2]!, ended)).toBe(
      'fast-rollback softened it (82%): as-it-happened served 40% in the outage.',
    );
  });

  it('looks at what came after, where the outage outlived its cause', () => {
    const variants = [
      lasting,
      variantOf('backoff', { outage: 0.3, after: 0, run: 0.3, recoveryMs: null }),
      variantOf('limit', { outage: 0.7, after: 1, run: 0.8, recoveryMs: 1_000 }),
    ];
    expect(causalSentence({ variants })).toBe(
      'Where as-it-happened served 0% in the window after, limit (100%, good again within 1s) stopped it; ' +
        'backoff (0%) did not help.',
    );
  });

  it('names the control, and does not take it for what helped', () => {
    const limits = variantOf('limits', { outage: 0.38, after: 1, run: 0.68 });
    const healthy = variantOf('healthy', { outage: 1, after: 1, run: 1 });
    expect(causalSentence({ variants: [ended, limits, healthy] })).toBe(
      'Where as-it-happened served 40% in the outage, nothing stopped it; limits (38%) did not help; ' +
        'healthy, the control, served 100%.',
    );
    expect(causalSentence({ variants: [ended, healthy] })).toBe(
      'as-it-happened served 40% in the outage; healthy, the control, served 100%.',
    );
    expect(effectSentence(healthy, ended)).toBe(
      'healthy, the control, served 100%: as-it-happened served 40% in the outage.',
    );
  });

  it('says that nothing helped', () => {
    const variants = [ended, variantOf('limits', { outage: 0.38, after: 1, run: 0.68 })];
    expect(causalSentence({ variants })).toBe(
      'Where as-it-happened served 40% in the outage, nothing stopped it; limits (38%) did not help.',
    );
  });

  it('says of a first variant without an outage that there was nothing to stop, or what made it worse', () => {
    const calm = variantOf('calm', { outage: 1, after: 1, run: 1 });
    const other = variantOf('other', { outage: 1, after: 1, run: 1 });
    expect(causalSentence({ variants: [calm, other] })).toBe(
      'calm served 100% in the outage, and there was nothing to stop.',
    );
    expect(causalSentence({ variants: [calm, lasting] })).toBe(
      'calm served 100% in the outage, and as-it-happened made it worse.',
    );
  });

  it('says of a single variant how it ended', () => {
    expect(causalSentence({ variants: [lasting] })).toBe(
      'as-it-happened served 0% in the window after, and was never good again.',
    );
    expect(causalSentence({ variants: [variantResult({ recoveredMs: 0 })] })).toBe(
      'default had no outage: it served 100% in the run.',
    );
    expect(causalSentence({ variants: [] })).toBe('');
  });
});

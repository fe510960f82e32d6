/** Variants: overlays whose maps are merged into the scenario and whose lists replace what was there. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../src/scenarios/parse.js';
import type { Variant } from '../../../src/scenarios/scenario.js';
import { MINIMAL } from '../../support/scenario-text.js';

const variantsOf = (sections: string): readonly Variant[] =>
  parseScenario(`${MINIMAL}${sections}`, 'test.yaml').variants;

describe('a variant', () => {
  it('is the scenario itself when its overlay is empty', () => {
    const [plain] = parseScenario(MINIMAL, 'test.yaml').variants;
    expect(variantsOf('variants: { same: {} }\n')).toEqual([{ ...plain!, name: 'same' }]);
  });

  it('is the scenario itself when its overlay is left out', () => {
    const [plain] = parseScenario(MINIMAL, 'test.yaml').variants;
    expect(variantsOf('variants:\n  same:\n')).toEqual([{ ...plain!, name: 'same' }]);
  });

  it('comes in the order of the file', () => {
    const names = variantsOf('variants: { zebra: {}, ant: {}, monkey: {} }\n').map(({ name }) => name);
    expect(names).toEqual(['zebra', 'ant', 'monkey']);
  });

  it('has its maps merged, at every depth, with what the scenario says', () => {
    const [base, other] = variantsOf(`
gateway: { timeouts: { connect: 100ms, attempt: 200ms } }
variants:
  base: {}
  other:
    fleet: { slots: 3 }
    gateway: { timeouts: { attempt: 900ms } }
`);
    expect(base).toMatchObject({
      fleet: { workers: 2, slots: 8 },
      gateway: { connectTimeoutMs: 100, attemptTimeoutMs: 200 },
    });
    expect(other).toMatchObject({
      fleet: { workers: 2, slots: 3 },
      gateway: { connectTimeoutMs: 100, attemptTimeoutMs: 900 },
    });
  });

  it('has its lists replaced as a whole', () => {
    const [base, other] = variantsOf(`
timeline: [{ at: 1s, note: one }, { at: 2s, note: two }]
variants:
  base: {}
  other:
    timeline: [{ at: 3s, note: three }]
    load: { stages: [{ rate: 1/s, for: 3s }] }
`);
    expect(base!.timeline).toHaveLength(2);
    expect(other!.timeline).toEqual([{ atMs: 3_000, action: { type: 'note', text: 'three' } }]);
    expect(other!.load.stages).toEqual([{ fromRps: 1, toRps: 1, durationMs: 3_000 }]);
    expect(other!.durationMs).toBe(3_000);
  });

  it('may replace a word by a map and a map by a word', () => {
    const [base, on, off] = variantsOf(`
gateway: { healthCheck: { interval: 100ms } }
variants: { base: {}, on: { gateway: { healthCheck: { rise: 5 } } }, off: { gateway: { healthCheck: off } } }
`);
    expect(base!.gateway.healthCheck).toMatchObject({ intervalMs: 100, rise: 2 });
    expect(on!.gateway.healthCheck).toMatchObject({ intervalMs: 100, rise: 5 });
    expect(off!.gateway.healthCheck).toBeNull();
  });

  it('has its own thresholds and no others', () => {
    const [first, second] = variantsOf(`
variants: { first: {}, second: {} }
thresholds:
  first: [crashes == 0]
  second: [crashes < first.crashes, workers-lost == 0]
`);
    expect(first!.thresholds.map(({ text }) => text)).toEqual(['crashes == 0']);
    expect(second!.thresholds.map(({ text }) => text)).toEqual([
      'crashes < first.crashes',
      'workers-lost == 0',
    ]);
  });

  it('may have a window of its own and speak of it in its thresholds', () => {
    const [first, second] = variantsOf(`
variants: { first: {}, second: { windows: { late: 2s..3s } } }
thresholds: { second: ['availability[late] > 99%'] }
`);
    expect(first!.windows).toEqual([]);
    expect(second!.windows).toEqual([{ name: 'late', fromMs: 2_000, toMs: 3_000 }]);
    expect(second!.thresholds).toHaveLength(1);
  });
});

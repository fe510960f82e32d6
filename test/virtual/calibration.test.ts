/**
 * The virtual engine against what the real one did (`npm run bench:calibrate`): the same files, the same seeds. What may lie
 * between them, and why, is in `bench/calibration.ts`.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  BANDS,
  type CalibratedRun,
  calibrationFiles,
  compareEngines,
  digestOf,
  readMeasured,
  runsOf,
  toRuns,
  variantsOf,
} from '../../bench/calibration.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import { runVirtually } from '../../src/scenarios/virtual/engine.js';

const FOLDER = new URL('../fixtures/calibration/', import.meta.url);
const FILES = calibrationFiles(FOLDER);
const { files } = readMeasured(new URL('measured.json', FOLDER));

/** Fewer do not show what is chance. */
const LEAST_RUNS = 3;

const runWith = async (name: string, seed: number): Promise<CalibratedRun[]> => {
  const text = readFileSync(new URL(name, FOLDER), 'utf8');
  const options = { seed, engine: 'virtual' } as const;
  const scenario = parseScenario(text, name, options);
  const { signal } = new AbortController();
  const variants = await runVirtually(scenario, scenario.variants, { text, file: name, options }, { signal });
  return toRuns({ seed, startedAt: '', variants });
};

describe('calibration', () => {
  it('has at least eight scenarios, and what is measured is what is there', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(8);
    expect(Object.keys(files).sort(), 'npm run bench:calibrate').toEqual([...FILES].sort());
    for (const name of Object.keys(files)) {
      const digest = digestOf(readFileSync(new URL(name, FOLDER), 'utf8'));
      expect(files[name]!.digest, `${name} has changed: npm run bench:calibrate -- --only …`).toBe(digest);
    }
  });

  it.each(Object.keys(files))(
    '%s is the same in both engines',
    async (name) => {
      const { runs } = files[name]!;
      const seeds = [...new Set(runs.map(({ seed }) => seed))];
      const virtual: CalibratedRun[] = [];
      for (const seed of seeds) virtual.push(...(await runWith(name, seed)));
      const found = variantsOf(runs).map((variant) => {
        expect(runsOf(runs, variant).length).toBeGreaterThanOrEqual(LEAST_RUNS);
        return [variant, compareEngines(runsOf(runs, variant), runsOf(virtual, variant))];
      });
      expect(Object.fromEntries(found)).toEqual(
        Object.fromEntries(variantsOf(virtual).map((variant) => [variant, []])),
      );
    },
    600_000,
  );
});

const run = (change: Partial<CalibratedRun> = {}): CalibratedRun => ({
  ...{ variant: 'v', seed: 1, startedAt: '', crashes: 0, starved: null },
  windows: { outage: { requests: 100, availability: 0.5, p50: 20, p99: 200 } },
  status: { '200': 0.5, '502': 0.25, '503': 0.25 },
  firstStatusMs: { '200': 0, '502': 4000, '503': 5000 },
  ...change,
});

const withOutage = (change: Partial<CalibratedRun['windows'][string]>): CalibratedRun =>
  run({ windows: { outage: { ...run().windows.outage!, ...change } } });

describe('the comparison', () => {
  it('lets through what is within its bands, on either side', () => {
    const real = [run()];
    expect(compareEngines(real, [run()])).toEqual([]);
    const inside = { availability: 0.5 + BANDS.availability - 0.001, p50: 26.9, p99: 200 * 1.29 };
    expect(compareEngines(real, [withOutage(inside)])).toEqual([]);
    expect(compareEngines([withOutage(inside)], real)).toEqual([]);
  });

  it.each([
    ['availability[outage]: 50.0 % really, 55.1 % virtually', withOutage({ availability: 0.551 })],
    ['p50[outage]: 20.0 ms really, 27.1 ms virtually, may differ by 7.0 ms', withOutage({ p50: 27.1 })],
    ['p99[outage]: 200.0 ms really, 139.0 ms virtually, may differ by 60.0 ms', withOutage({ p99: 139 })],
    [
      'errors: 502, 503 really, 503, 502 virtually',
      run({ firstStatusMs: { '200': 0, '502': 5000, '503': 4000 } }),
    ],
    ['errors: 502, 503 really, 502 virtually', run({ status: { '200': 0.5, '502': 0.5 } })],
    [
      'errors: 502, 503 really, 502, 503, 504 virtually',
      run({
        status: { ...run().status, '504': 0.1 },
        firstStatusMs: { ...run().firstStatusMs, '504': 6000 },
      }),
    ],
  ])('tells of %s', (text, virtual) => {
    expect(compareEngines([run()], [virtual])).toEqual([text]);
  });

  it('holds means against each other, and no single run', () => {
    const real = [withOutage({ availability: 0.4 }), withOutage({ availability: 0.6 })];
    expect(compareEngines(real, [run()])).toEqual([]);
  });

  it('has no order for statuses that came at once, nor for one that hardly anybody got', () => {
    const close = { '200': 0, '502': 4000, '503': 4050 };
    const turned = run({ firstStatusMs: { '200': 0, '502': 4050, '503': 4000 } });
    expect(compareEngines([run({ firstStatusMs: close })], [turned])).toEqual([]);
    const rare = run({ status: { ...run().status, '504': 0.001 }, firstStatusMs: { ...close, '504': 1 } });
    expect(compareEngines([run()], [rare])).toEqual([]);
  });
});

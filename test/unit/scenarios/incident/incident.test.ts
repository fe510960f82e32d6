/** The incident of a run: what was noticed, suspected and over, and when. */
import { describe, expect, it } from 'vitest';
import { findIncident, type Observed } from '../../../../src/scenarios/incident/incident.js';
import { metricValue } from '../../../../src/scenarios/metrics/metrics.js';
import type { Alert } from '../../../../src/scenarios/monitoring/alerts.js';
import { TICK_MS, type Tick } from '../../../../src/scenarios/monitoring/ticks.js';
import { resultEvent, variantResult, workerExit } from '../../../support/records.js';

const tick = (nowMs: number, failed: number): Tick => ({
  nowMs,
  failed,
  requests: 20,
  tries: 20,
  ended: 20,
  worked: 20,
  queued: 0,
  heapFull: { inMs: Number.POSITIVE_INFINITY, worker: '' },
  latency: null,
});

/** Everything fails from 5 s up to 9 s, of 20 s. */
const ticks = Array.from({ length: 20_000 / TICK_MS }, (_, index) =>
  tick((index + 1) * TICK_MS, index * TICK_MS >= 5_000 && index * TICK_MS < 9_000 ? 20 : 0),
);

const alert = (raisedMs: number, clearedMs: number | null, rule: Alert['rule'] = 'fast-burn'): Alert => ({
  rule,
  raisedMs,
  clearedMs,
  reason: '',
});

const pushed = resultEvent(4, 'config.pushed', { version: 2, to: 'workers', strategy: 'canary', readers: 2 });
const observed = (fields: Partial<Observed> = {}): Observed => ({
  ticks,
  alerts: [alert(5_400, 9_500)],
  events: [
    resultEvent(4.5, 'fleet.scaled', { from: 3, to: 2, by: 'ordered', reason: '' }),
    pushed,
    resultEvent(4, 'config.assigned', { version: 2, reader: 'worker-1' }),
    workerExit(6, 'worker-1'),
  ],
  workers: ['worker-1', 'worker-2'],
  ...fields,
});

/** What the scenario says of it: that it was the push, or nothing. */
const PUSH = { causeMs: 4_000, published: [] };
const NOTHING = { causeMs: null, published: [] };

describe('an incident', () => {
  it('is none where users were not hurt, whatever was raised', () => {
    expect(findIncident(observed({ ticks: ticks.map((one) => ({ ...one, failed: 0 })) }), PUSH)).toBeNull();
  });

  it('has an onset, an end, and the alert that was first', () => {
    expect(findIncident(observed(), PUSH)).toMatchObject({
      onsetMs: 5_100,
      detectedMs: 5_400,
      detectedBy: 'fast-burn',
      mitigatedMs: 8_900,
      recoveredMs: 9_000,
    });
  });

  it('is detected by an early warning that was still on, and not by one that was long over', () => {
    const early = alert(4_200, 7_000, 'heap-slope');
    const over = alert(2_000, 3_000, 'latency-growth');
    expect(findIncident(observed({ alerts: [over, early, alert(5_400, null)] }), NOTHING)).toMatchObject({
      detectedMs: 4_200,
      detectedBy: 'heap-slope',
    });
    expect(findIncident(observed({ alerts: [over] }), NOTHING)).toMatchObject({
      detectedMs: null,
      detectedBy: null,
    });
  });

  it('is identified when the evidence first speaks for the cause', () => {
    // The scaling was later, and for everybody; then the one worker dies that had got the config.
    const incident = findIncident(observed(), PUSH)!;
    expect(incident.identifiedMs).toBe(6_000);
    expect(incident.cause).toBe('config version 2 pushed to the workers');
    expect(incident.suspects.map(({ what, isCause }) => [what, isCause])).toEqual([
      ['config version 2 pushed to the workers', true],
      ['fleet scaled from 3 to 2 workers', false],
    ]);
  });

  it('is never identified where nothing speaks for the cause, and has none where the scenario names none', () => {
    const events = observed().events.filter(({ type }) => type !== 'worker.exited');
    expect(findIncident(observed({ events }), PUSH)).toMatchObject({
      identifiedMs: null,
      cause: 'config version 2 pushed to the workers',
    });
    expect(findIncident(observed(), NOTHING)).toMatchObject({ identifiedMs: null, cause: null });
    expect(findIncident(observed(), { ...PUSH, causeMs: 10_000 })).toMatchObject({
      identifiedMs: null,
      cause: null,
    });
  });
});

/** A blip of half a second at 5 s, and an outage from 12 s up to 15 s. */
const twice = ticks.map(({ nowMs }) =>
  tick(nowMs, (nowMs > 5_000 && nowMs <= 5_500) || (nowMs > 12_000 && nowMs <= 15_000) ? 20 : 0),
);

describe('an incident that is opened again', () => {
  it('has every later time that users were hurt', () => {
    const incident = findIncident(observed({ ticks: twice }), NOTHING)!;
    expect(incident).toMatchObject({
      onsetMs: 5_100,
      recoveredMs: 5_500,
      again: [{ onsetMs: 12_100, recoveredMs: 15_000 }],
    });
    expect(metricValue(variantResult({ incident }), 'reopened', '')).toBe(1);
    expect(metricValue(variantResult({ incident: null }), 'reopened', '')).toBeNaN();
  });

  it('counts an alert until it is known to be over, 3 s after its end', () => {
    const at = (ms: number) => findIncident(observed({ ticks: twice, alerts: [alert(ms, null)] }), NOTHING);
    expect(at(8_500)).toMatchObject({ detectedMs: 8_500 });
    expect(at(8_600)).toMatchObject({ detectedMs: null, detectedBy: null });
  });

  it('has the states of what came later where nobody noticed the first', () => {
    const alerts = [alert(12_400, 16_000)];
    const incident = findIncident(observed({ ticks: twice, alerts }), PUSH)!;
    expect(incident).toMatchObject({ detectedMs: null, identifiedMs: null });
    expect(incident.timeline.map(({ state, measuredMs }) => [state, measuredMs])).toEqual([
      ['investigating', 12_400],
      ['monitoring', 17_000],
      ['resolved', 20_000],
      ['postmortem', 20_000],
    ]);
  });

  it('is not being watched at the moment at which users are hurt, and says who knew the cause by then', () => {
    // One failure of many first: by the last second service is still healthy.
    const slow = ticks.map((one) => (one.nowMs === 5_100 ? { ...one, ended: 200, failed: 1 } : one));
    const { timeline, onsetMs } = findIncident(observed({ ticks: slow, alerts: [alert(4_000, null)] }), {
      ...PUSH,
      published: [],
    })!;
    const at = (state: string) => timeline.find((row) => row.state === state)?.measuredMs ?? Infinity;
    expect(at('monitoring')).toBeGreaterThan(onsetMs + 1_000);
    expect(at('identified')).toBe(6_000);
  });
});

describe('times to detect, identify, mitigate and recover', () => {
  const of = (metric: string, incident: ReturnType<typeof findIncident>): number =>
    metricValue(variantResult({ incident }), metric, '');

  it('count from the onset', () => {
    const incident = findIncident(observed(), PUSH);
    expect(['mttd', 'mtti', 'mttm', 'mttr'].map((metric) => of(metric, incident))).toEqual([
      300, 900, 3_800, 3_900,
    ]);
  });

  it('are 0 where somebody was warned before, and never where nobody noticed', () => {
    const incident = findIncident(observed(), PUSH)!;
    expect(of('mttd', { ...incident, detectedMs: 4_000 })).toBe(0);
    expect(of('mttd', { ...incident, detectedMs: null })).toBe(Infinity);
    expect(of('mtti', { ...incident, identifiedMs: null })).toBe(Infinity);
    expect(of('mttr', { ...incident, recoveredMs: null })).toBe(Infinity);
  });

  it('have no value where there was nothing to notice, and are 0 where nothing had to get better', () => {
    expect(['mttd', 'mtti'].map((metric) => of(metric, null))).toEqual([Number.NaN, Number.NaN]);
    expect(['mttm', 'mttr'].map((metric) => of(metric, null))).toEqual([0, 0]);
    expect(of('mtti', { ...findIncident(observed(), NOTHING)! })).toBeNaN();
  });
});

/** What is recorded of requests, samples and events made by hand. */
import type { Event } from '../../src/core/events.js';
import { type ClientClass, resolveClasses } from '../../src/scenarios/clients/classes.js';
import type { RequestRecord } from '../../src/scenarios/clients/clients.js';
import type { ProbeReport } from '../../src/scenarios/measure/machine.js';
import { type Recorded, type RecordedPlan, Recorder } from '../../src/scenarios/measure/recorder.js';
import type { WindowResult } from '../../src/scenarios/result.js';
import type { Window } from '../../src/scenarios/scenario.js';
import type { WorkerSample } from '../../src/upstream/fleet.js';

/** When the load began, by the clock that samples and events have. */
export const ORIGIN_MS = 1_000_000;

export interface Feed {
  readonly requests?: readonly RequestRecord[];
  readonly samples?: readonly WorkerSample[];
  readonly events?: readonly Event[];
  readonly probeReports?: readonly ProbeReport[];
}

/** Ten seconds of clients who are alike, and no window but the run itself. */
export const recordedPlan = (fields: Partial<RecordedPlan> = {}): RecordedPlan => ({
  durationMs: 10_000,
  windows: [],
  clients: resolveClasses(),
  timeline: [],
  fleet: { heapLimitBytes: 64 * 1024 ** 2 },
  ...fields,
});

export const recorded = (
  feed: Feed,
  plan: Partial<RecordedPlan> = {},
  workers: readonly string[] = [],
): Recorded => {
  const recorder = new Recorder(recordedPlan(plan), ORIGIN_MS);
  for (const one of feed.requests ?? []) recorder.record(one);
  for (const one of feed.samples ?? []) recorder.sample(one);
  for (const one of feed.events ?? []) recorder.event(one);
  for (const one of feed.probeReports ?? []) recorder.probe(one);
  return recorder.recorded(workers);
};

/** What one window of these requests comes to. */
export const recordedWindow = (
  window: Window,
  requests: readonly RequestRecord[],
  clients: readonly ClientClass[] = resolveClasses(),
): WindowResult => recorded({ requests }, { windows: [window], clients }).windows[window.name]!;

/**
 * Runs a scenario: one variant after another, never two at once, each in a world of its own; then checks what was
 * measured.
 */
import type { Event } from '../core/events.js';
import { ConfigDelivery } from '../delivery/config-delivery.js';
import { checkWorkerConfig, type WorkerConfig } from '../upstream/config.js';
import {
  BUCKET_MS,
  firstStatuses,
  lateSendShare,
  measureRecovery,
  measureSeries,
  measureWindow,
  sampleFailures,
  starvedShare,
} from './measure.js';
import { WHOLE_RUN } from './metrics.js';
import type { VariantResult } from './result.js';
import type { Scenario, Variant, Window } from './scenario.js';
import type { TimelineEntry } from './timeline.js';
import { checkThresholds, judge, MACHINE_LIMITS } from './verdict.js';
import type { World } from './world.js';

/** From the command to begin to the first request: long enough for the message to arrive. */
const LEAD_MS = 50;

export interface RunOptions {
  readonly makeWorld: (variant: Variant) => World;
  /** Aborted: the run ends as soon as it can, with what was measured so far. */
  readonly signal: AbortSignal;
  readonly onVariantStart?: (variant: Variant, world: World) => void;
  readonly onVariantEnd?: (result: VariantResult) => void;
}

/** @returns one result per variant that was begun. Thresholds may compare variants, so they are checked at the end. */
export const runScenario = async (
  scenario: Scenario,
  variants: readonly Variant[],
  options: RunOptions,
): Promise<VariantResult[]> => {
  const measured: VariantResult[] = [];
  for (const variant of variants) {
    if (options.signal.aborted) break;
    const result = await runVariant(variant, options);
    measured.push(result);
    options.onVariantEnd?.(result);
  }
  return measured.map((result) => {
    const { thresholds } = variants.find(({ name }) => name === result.name)!;
    const checked = { ...result, ...checkThresholds(thresholds, result, measured) };
    return { ...checked, ...judge(checked, scenario.minBaselineAvailability) };
  });
};

const runVariant = async (variant: Variant, options: RunOptions): Promise<VariantResult> => {
  const world = options.makeWorld(variant);
  const delivery = new ConfigDelivery<WorkerConfig>({
    to: 'workers',
    readers: world.fleet.status().map(({ worker }) => worker),
    initial: variant.fleet.initialConfig,
    assign: (worker, version, config) => world.fleet.assignConfig(worker, version, config),
    health: (reader) => {
      const status = world.fleet.status().find(({ worker }) => worker === reader)!;
      return { exits: status.exits, heapRatio: status.heapBytes / status.heapLimitBytes };
    },
    check: checkWorkerConfig,
    clock: world.clock,
    emit: world.emit,
  });
  const interrupted = new Promise<void>((resolve) => {
    if (options.signal.aborted) resolve();
    options.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let timers: { cancel(): void }[] = [];
  try {
    await Promise.race([world.start(), interrupted]);
    if (!options.signal.aborted) {
      options.onVariantStart?.(variant, world);
      const originMs = world.clock.nowMs() + variant.settleMs + LEAD_MS;
      timers = variant.timeline.map((entry) =>
        world.clock.after(originMs + entry.atMs - world.clock.nowMs(), () => perform(entry, world, delivery)),
      );
      await Promise.race([world.runLoad(originMs), interrupted]);
    }
  } finally {
    for (const timer of timers) timer.cancel();
    delivery.stop();
    await world.stop();
  }
  return measure(variant, world, options.signal.aborted);
};

const perform = ({ action }: TimelineEntry, world: World, delivery: ConfigDelivery<WorkerConfig>): void => {
  switch (action.type) {
    case 'note':
      world.emit('run.noted', { text: action.text });
      return;
    case 'inject':
      world.fleet.inject(action.fault, action.worker, action.forMs);
      return;
    case 'push-config':
      delivery.push(action.config, action.strategy);
      return;
    case 'rollback-config':
      delivery.rollback(action.strategy, 'ordered');
      return;
  }
};

const toResultEvent = (event: Event, originMs: number): VariantResult['events'][number] => {
  const { atMs, ...fields } = event;
  return { t: Number(((atMs - originMs) / 1000).toFixed(3)), ...fields };
};

const measure = (variant: Variant, world: World, partial: boolean): VariantResult => {
  const { requests, events, samples, probeReports, gatewayStallMs, originMs } = world.recorder;
  const run: Window = { name: WHOLE_RUN, fromMs: 0, toMs: variant.durationMs };
  const windows = [...variant.windows, run];
  const exits = events.filter((event) => event.type === 'worker.exited');
  const workers = world.fleet.status().map(({ worker }) => worker);
  const { recoveredMs, recoveryMs } = measureRecovery(
    variant.durationMs,
    requests,
    variant.windows.find(({ name }) => name === 'outage'),
  );
  const told = events.filter(({ type }) => type !== 'attempt.failed').sort((a, b) => a.atMs - b.atMs);
  return {
    name: variant.name,
    verdict: 'pass',
    reasons: [],
    durationMs: variant.durationMs,
    partial,
    windows: Object.fromEntries(windows.map((window) => [window.name, measureWindow(window, requests)])),
    recoveryMs,
    recoveredMs,
    crashes: exits.length,
    workersLost: new Set(exits.map(({ worker }) => worker)).size,
    firstStatusMs: firstStatuses(requests),
    bucketMs: BUCKET_MS,
    series: measureSeries(variant.durationMs, requests, samples, workers, originMs),
    events: told.map((event) => toResultEvent(event, originMs)),
    requests: sampleFailures(requests, events),
    thresholds: [],
    skippedThresholds: [],
    machine: {
      lateSends: lateSendShare(windows, requests, MACHINE_LIMITS.lateSendMs),
      starvedSamples: starvedShare(windows, probeReports, originMs, MACHINE_LIMITS.starvedMs),
      gatewayStallMs: Number(gatewayStallMs.toFixed(1)),
    },
  };
};

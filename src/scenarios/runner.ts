/**
 * Runs a scenario: one variant after another, never two at once, each in a world of its own; then checks what was
 * measured.
 */
import { ConfigDelivery } from '../delivery/config-delivery.js';
import { checkWorkerConfig, type WorkerConfig } from '../upstream/config.js';
import { heapRatioOf } from '../upstream/fleet.js';
import type { Control } from './control/control.js';
import { measure } from './measure/measure.js';
import { checkThresholds, judge } from './metrics/verdict.js';
import type { VariantResult } from './result.js';
import type { Scenario, Variant } from './scenario.js';
import { Orders } from './timeline/orders.js';
import { carryOut, type Stage } from './timeline/perform.js';
import type { World } from './world.js';

/** Who does what the timeline says. */
const OPERATOR = 'timeline';

/** From the command to begin to the first request: long enough for the message to arrive. */
const LEAD_MS = 50;

export interface RunOptions {
  readonly makeWorld: (variant: Variant) => World;
  /** Aborted: the run ends as soon as it can, with what was measured so far. */
  readonly signal: AbortSignal;
  /** Opens the run to an operator; closed when the variant is over. */
  readonly openControl?: (stage: Stage) => Promise<Control>;
  readonly onVariantStart?: (variant: Variant, world: World, control: Control | null) => void;
  readonly onVariantEnd?: (result: VariantResult) => void;
}

/** @returns one result per variant that was begun. */
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
  return checkResults(scenario, variants, measured);
};

/** Thresholds may compare variants, so they are checked when all have been measured. */
export const checkResults = (
  scenario: Scenario,
  variants: readonly Variant[],
  measured: readonly VariantResult[],
): VariantResult[] =>
  measured.map((result) => {
    // An interrupted run measured a part: what it did not get to is not a failure.
    const thresholds = result.partial ? [] : variants.find(({ name }) => name === result.name)!.thresholds;
    const checked = { ...result, ...checkThresholds(thresholds, result, measured) };
    return { ...checked, ...judge(checked, scenario.minBaselineAvailability) };
  });

/** One variant, in a world of its own; its thresholds are not checked yet. */
export const runVariant = async (variant: Variant, options: RunOptions): Promise<VariantResult> =>
  measure(variant, await playVariant(variant, options), options.signal.aborted);

/** Plays a variant in a world of its own until it is over or interrupted. @returns that world, in which nothing runs any more. */
export const playVariant = async (variant: Variant, options: RunOptions): Promise<World> => {
  const world = options.makeWorld(variant);
  const delivery = new ConfigDelivery<WorkerConfig>({
    to: 'workers',
    readers: variant.fleet.configReaders ?? world.fleet.status().map(({ worker }) => worker),
    isReading: (reader) => world.fleet.status().some(({ worker, active }) => worker === reader && active),
    initial: variant.fleet.initialConfig,
    assign: (worker, version, config) => world.fleet.assignConfig(worker, version, config),
    health: (reader) => {
      const status = world.fleet.status().find(({ worker }) => worker === reader)!;
      return { exits: status.exits, heapRatio: heapRatioOf(status) };
    },
    check: checkWorkerConfig,
    tryOut: (config, running, trial) => world.fleet.tryConfig(config, running, trial),
    clock: world.clock,
    emit: world.emit,
  });
  const orders = new Orders({ clock: world.clock, emit: world.emit, send: world.sendOrder });
  const stage: Stage = { world, delivery, orders };
  const interrupted = new Promise<void>((resolve) => {
    if (options.signal.aborted) resolve();
    options.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let timers: { cancel(): void }[] = [];
  let control: Control | null = null;
  try {
    await Promise.race([world.start(), interrupted]);
    if (!options.signal.aborted) {
      control = (await options.openControl?.(stage)) ?? null;
      options.onVariantStart?.(variant, world, control);
      const originMs = world.clock.nowMs() + variant.settleMs + LEAD_MS;
      timers = variant.timeline.map((entry) =>
        world.clock.after(originMs + entry.atMs - world.clock.nowMs(), () =>
          carryOut(entry, { ...stage, by: OPERATOR }),
        ),
      );
      timers.push(world.clock.after(originMs - world.clock.nowMs(), () => world.fleet.beginScaling()));
      const timelineDone = new Promise<void>((resolve) => {
        const end = (): void => {
          // Clients still wait for their last answers; what is ordered now would change nothing that is measured.
          orders.stop();
          resolve();
        };
        timers.push(world.clock.after(originMs + variant.durationMs - world.clock.nowMs(), end));
      });
      await Promise.race([Promise.all([world.runLoad(originMs), timelineDone]), interrupted]);
    }
  } finally {
    for (const timer of timers) timer.cancel();
    orders.stop();
    delivery.stop();
    await Promise.all([world.stop(), control?.close()]);
  }
  return world;
};

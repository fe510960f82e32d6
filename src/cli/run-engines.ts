/** How a run is made in each engine: once, or once for each seed. */
import { wallClock } from '../core/clock.js';
import { Reaper } from '../core/reaper.js';
import { type Control, openControl } from '../scenarios/control/control.js';
import type { Engine } from '../scenarios/engines.js';
import type { LiveRun } from '../scenarios/live/live-run.js';
import { parseScenario } from '../scenarios/parse.js';
import { RealWorld } from '../scenarios/real-world.js';
import { type Replication, withoutSeries } from '../scenarios/replications/replications.js';
import type { VariantResult } from '../scenarios/result.js';
import { type RunOptions, runScenario } from '../scenarios/runner.js';
import type { Scenario, Variant } from '../scenarios/scenario.js';
import { type StatusPage, type StatusWatch, startStatusPage } from '../scenarios/status-page/status-page.js';
import type { MissingTarget, Target } from '../scenarios/targets/choice.js';
import { placeVariants, type SkippedVariant } from '../scenarios/targets/place.js';
import type { Stage } from '../scenarios/timeline/perform.js';
import { runVirtually } from '../scenarios/virtual/engine.js';
import { replicateVirtually, type VirtualReplications } from '../scenarios/virtual/replicate.js';
import { Progress, type ProgressOutput } from './progress.js';
import { VirtualProgress } from './virtual-progress.js';

/** What is run. */
export interface RunPlan extends VirtualReplications {
  readonly engine: Engine;
  /** What stands in the gateway's place; the variants are placed at each. */
  readonly targets: readonly Target[];
  /** Asked for too, and not here. */
  readonly missing: readonly MissingTarget[];
  readonly skipped: readonly SkippedVariant[];
  /** Port of its status page, 0 for a free one; default `null`: it has none. */
  readonly statusPagePort?: number | null;
}

/** Somebody watches a run, and may give orders. */
export interface Watching {
  readonly live: Pick<LiveRun, 'begin' | 'measured' | 'over'>;
  readonly openControl: NonNullable<RunOptions['openControl']>;
  /** Of whoever watches; a run that has one of its own has that. Default: there is none. */
  readonly statusPage?: StatusPage | null;
}

/** @returns what was begun. */
type Run = (
  plan: RunPlan,
  signal: AbortSignal,
  output: ProgressOutput | null,
  watching?: Watching | null,
) => Promise<Replication[]>;

/** Each run has an API of its own; where it is watched, the page has the same. */
const openBoth =
  ({ openControl: openWatched }: Watching) =>
  async (stage: Stage): Promise<Control> => {
    const [control, watched] = await Promise.all([openControl(stage), openWatched(stage)]);
    return {
      address: control.address,
      close: async () => {
        await Promise.all([control.close(), watched.close()]);
      },
    };
  };

/** Who is told of a run while it goes on. */
interface Audience {
  readonly output: ProgressOutput | null;
  readonly watching: Watching | null;
  readonly statusPage: StatusPage | null;
}

const runOnce = async (
  scenario: Scenario,
  variants: readonly Variant[],
  signal: AbortSignal,
  { output, watching, statusPage }: Audience,
): Promise<VariantResult[]> => {
  const progress = output && new Progress(output, wallClock, variants);
  let page: StatusWatch | undefined;
  try {
    return await runScenario(scenario, variants, {
      makeWorld: (variant) => {
        const world = new RealWorld(variant, statusPage ? { statusPage: statusPage.address } : {});
        watching?.live.begin(variant, world, statusPage && `${statusPage.address}/`);
        return world;
      },
      openControl: watching === null ? openControl : openBoth(watching),
      signal,
      onVariantStart: (variant, world, control) => {
        progress?.start(variant, world, control?.address ?? null);
        page = statusPage?.watch(world, variant, scenario.title);
      },
      onVariantEnd: (result) => {
        page?.end();
        progress?.end(result);
        watching?.live.measured(result);
      },
    });
  } finally {
    watching?.live.over();
    page?.end();
    // It would keep this process alive after a run that failed.
    progress?.stop();
  }
};

/** One seed after another: two runs at once would share the machine. */
const runSeeds = async (plan: RunPlan, signal: AbortSignal, audience: Audience): Promise<Replication[]> => {
  const { output } = audience;
  const { scenario, variants, source, seeds, targets, missing } = plan;
  const replications: Replication[] = [];
  for (const [index, seed] of seeds.entries()) {
    if (signal.aborted) break;
    if (seeds.length > 1) output?.write(`seed ${seed} (${index + 1} of ${seeds.length})\n`);
    const { text, file, options } = source;
    const seeded = index === 0 ? { variants } : parseScenario(text, file, { ...options, seed });
    const names = variants.map(({ name }) => name);
    const placed = index === 0 ? seeded.variants : placeVariants(seeded.variants, targets, missing).variants;
    const chosen = placed.filter(({ name }) => names.includes(name));
    const results = await runOnce(scenario, chosen, signal, audience);
    replications.push({ seed, variants: index === 0 ? results : results.map(withoutSeries) });
  }
  return replications;
};

/** Where a status page is wanted, it is up before anything that it speaks of, and after it. */
const runReally: Run = async (plan, signal, output, watching = null) => {
  const { statusPagePort: port = null, scenario } = plan;
  if (port === null) {
    return runSeeds(plan, signal, { output, watching, statusPage: watching?.statusPage ?? null });
  }
  const reaper = new Reaper();
  const onLost = (how: string): void => output?.write(`${how}\n`);
  try {
    const statusPage = await startStatusPage({ reaper, port, title: scenario.title, onLost });
    output?.write(`status page ${statusPage.address}/\n`);
    try {
      return await runSeeds(plan, signal, { output, watching, statusPage });
    } finally {
      await statusPage.stop();
    }
  } finally {
    await reaper.stop();
  }
};

const runInVirtualTime: Run = async (plan, signal, output) => {
  const progress = output && new VirtualProgress(output);
  const onProgress = (doneRatio: number): void => progress?.update(doneRatio);
  const { scenario, variants, source, seeds } = plan;
  const replications =
    seeds.length > 1
      ? await replicateVirtually(plan, { signal, onProgress })
      : [
          {
            seed: scenario.seed,
            variants: await runVirtually(scenario, variants, source, { signal, onProgress }),
          },
        ];
  progress?.end();
  return replications;
};

export const RUNS: Readonly<Record<Engine, Run>> = { real: runReally, virtual: runInVirtualTime };

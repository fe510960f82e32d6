/** What a deploy is: `deploy:` in a timeline, with its defaults filled in. */
import { Count, Duration, OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMsOr } from '../../core/units.js';
import { ChangesSchema, FIRST_VERSION, resolveChanges, type VersionChanges } from './versions.js';

export const DEPLOY_STRATEGIES = ['big-bang', 'rolling', 'blue-green', 'canary'] as const;
export type DeployStrategy = (typeof DEPLOY_STRATEGIES)[number];

export const DeploySchema = Section(
  {
    version: Count(FIRST_VERSION + 1, 'Number of the new version; the workers begin with 1.'),
    strategy: Optional(
      OneOf(
        DEPLOY_STRATEGIES,
        'big-bang: all at once; rolling (default): one after another; blue-green: as many new ones beside the old, then a switch; canary: one first, then the others or back.',
      ),
    ),
    drain: Optional(
      Duration('rolling, canary: what is in flight may take so long; left out: it is cut off.'),
    ),
    boot: Optional(Duration('How long a worker of this version boots; default: `bootDelay` of the fleet.')),
    warmUp: Optional(
      Count(1, 'blue-green: requests that each new worker serves before the switch; default none.'),
    ),
    watch: Optional(Duration('canary: how long it is compared; default 3s.')),
    slowdown: Optional(
      Type.Number({
        exclusiveMinimum: 1,
        maximum: 1_000,
        description: 'canary: times the others’ mean latency that are too many; default 1.5.',
      }),
    ),
    changes: Optional(ChangesSchema),
  },
  'A new version of the worker goes out.',
);

export type DeploySection = Static<typeof DeploySchema>;

export interface Deployment {
  readonly version: number;
  readonly strategy: DeployStrategy;
  /** `null`: nobody is told, and what is in flight is cut off. */
  readonly drainMs: number | null;
  /** `null`: as the fleet's. */
  readonly bootMs: number | null;
  readonly warmUpRequests: number;
  readonly watchMs: number;
  readonly slowdown: number;
  readonly changes: VersionChanges;
}

/** A canary is watched for as long as a few hundred requests take; half as slow again is beyond what they vary by. */
export const resolveDeployment = (section: DeploySection): Deployment => ({
  version: section.version,
  strategy: section.strategy ?? 'rolling',
  drainMs: parseDurationMsOr(section.drain, null),
  bootMs: parseDurationMsOr(section.boot, null),
  warmUpRequests: section.warmUp ?? 0,
  watchMs: parseDurationMsOr(section.watch, 3_000),
  slowdown: section.slowdown ?? 1.5,
  changes: resolveChanges(section.changes ?? {}),
});

/** Keys that mean something to some strategies alone. */
const BELONGS_TO: Readonly<Record<string, readonly DeployStrategy[]>> = {
  drain: ['rolling', 'canary'],
  warmUp: ['blue-green'],
  watch: ['canary'],
  slowdown: ['canary'],
};

export interface DeployProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What the schema cannot say of it. @param places of the fleet; `running` of them at first. */
export const findDeployProblems = (
  section: DeploySection,
  { running, places }: { readonly running: number; readonly places: number },
): DeployProblem[] => {
  const strategy = section.strategy ?? 'rolling';
  const problems: DeployProblem[] = [];
  for (const [key, strategies] of Object.entries(BELONGS_TO)) {
    if (Object.hasOwn(section, key) && !strategies.includes(strategy)) {
      const message = `${key} means nothing to ${strategy}; it belongs to ${strategies.join(' and ')}`;
      problems.push({ path: [key], message });
    }
  }
  if (strategy === 'blue-green' && places < 2 * running) {
    const message = `blue-green needs a place for each worker twice; give the fleet \`maxWorkers: ${2 * running}\``;
    problems.push({ path: ['strategy'], message });
  }
  if (strategy === 'canary' && running < 2) {
    const message = 'a canary is compared with the others, and there is only one worker';
    problems.push({ path: ['strategy'], message });
  }
  return problems;
};

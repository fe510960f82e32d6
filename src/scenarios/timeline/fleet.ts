/** What is done to the fleet as a whole in the timeline: `deploy`, `rollback-deploy` and `scale`. */
import type { Path } from '../../core/document/positions.js';
import { Count, Optional, Section } from '../../core/schema.js';
import { formatDuration, formatSize } from '../../core/units.js';
import { explainHeapLimit } from '../../upstream/config.js';
import { findOptionProblems } from '../../upstream/faults/options.js';
import { WORKER_FAULTS } from '../../upstream/faults/worker-faults.js';
import {
  type Deployment,
  DeploySchema,
  type DeploySection,
  findDeployProblems,
  resolveDeployment,
} from '../../upstream/fleet/deployment.js';
import type { VersionChanges } from '../../upstream/fleet/versions.js';
import type { Fleet } from '../../upstream/fleet.js';

export const FleetProperties = {
  deploy: Optional(DeploySchema),
  'rollback-deploy': Optional(
    Section({}, 'Back to the version before; at once where its workers still stand by.'),
  ),
  scale: Optional(Count(1, 'How many workers there are to be, at most `maxWorkers` of the fleet.')),
};

export const FLEET_ACTIONS = ['deploy', 'rollback-deploy', 'scale'] as const;

export interface FleetEntry {
  readonly deploy?: DeploySection;
  readonly 'rollback-deploy'?: object;
  readonly scale?: number;
}

export type FleetAction =
  | { readonly type: 'deploy'; readonly deployment: Deployment }
  | { readonly type: 'rollback-deploy' }
  | { readonly type: 'scale'; readonly workers: number };

export interface FleetProblem {
  readonly key: 'deploy' | 'scale';
  readonly path?: Path;
  readonly message: string;
}

/** Faults that a version can have: those that it enacts itself, from its first moment on. */
const findBirthProblems = ({ changes }: DeploySection): FleetProblem[] =>
  (changes?.faults ?? []).flatMap(({ fault: name, ...written }, index): FleetProblem[] => {
    const path = ['changes', 'faults', index];
    const fault = WORKER_FAULTS[name];
    if (fault.lasts !== 'span' || 'signals' in fault) {
      const message = `${name} is nothing that a version has by birth; inject it instead`;
      return [{ key: 'deploy', path: [...path, 'fault'], message }];
    }
    return findOptionProblems(name, fault, written).map(({ key, message }) => ({
      key: 'deploy',
      path: [...path, key === '' ? 'fault' : key],
      message,
    }));
  });

const findHeapProblems = ({ changes }: DeploySection): FleetProblem[] => {
  const message = explainHeapLimit(changes?.memory?.heapLimit);
  return message === null ? [] : [{ key: 'deploy', path: ['changes', 'memory', 'heapLimit'], message }];
};

/** @param size workers that run at first, and places there are for them. */
export const checkFleetEntry = (
  { deploy, scale }: FleetEntry,
  size: { readonly running: number; readonly places: number },
): FleetProblem[] => {
  if (scale !== undefined && scale > size.places) {
    const message = `there are places for ${size.places} workers; give the fleet \`maxWorkers: ${scale}\``;
    return [{ key: 'scale', message }];
  }
  if (deploy === undefined) return [];
  return [
    ...findDeployProblems(deploy, size).map(
      ({ path, message }): FleetProblem => ({ key: 'deploy', path, message }),
    ),
    ...findBirthProblems(deploy),
    ...findHeapProblems(deploy),
  ];
};

/** @returns `null` for an entry that does nothing to the fleet as a whole. */
export const resolveFleetEntry = (entry: FleetEntry): FleetAction | null => {
  if (entry.deploy !== undefined) return { type: 'deploy', deployment: resolveDeployment(entry.deploy) };
  if (entry['rollback-deploy'] !== undefined) return { type: 'rollback-deploy' };
  return entry.scale === undefined ? null : { type: 'scale', workers: entry.scale };
};

export const performOnFleet = (action: FleetAction, fleet: Fleet): void => {
  switch (action.type) {
    case 'deploy':
      fleet.deploy(action.deployment);
      return;
    case 'rollback-deploy':
      fleet.rollbackDeploy();
      return;
    case 'scale':
      fleet.scale(action.workers, 'the timeline says so');
  }
};

const changesText = ({ slots, serviceTime, heapLimitBytes, faults }: VersionChanges): string[] => [
  ...(slots === undefined ? [] : [`${slots} slots`]),
  ...(serviceTime === undefined ? [] : ['another service time']),
  ...(heapLimitBytes === undefined ? [] : [`a heap limit of ${formatSize(heapLimitBytes)}`]),
  ...faults.map(({ fault }) => `born with ${fault}`),
];

const deploymentText = (deployment: Deployment): string => {
  const { version, strategy, drainMs, bootMs, warmUpRequests, watchMs, slowdown, changes } = deployment;
  return [
    `deploy version ${version}`,
    strategy === 'canary'
      ? `canary watched for ${formatDuration(watchMs)}, at most ${slowdown} times as slow`
      : strategy,
    drainMs === null ? null : `drained for ${formatDuration(drainMs)}`,
    bootMs === null ? null : `boots for ${formatDuration(bootMs)}`,
    warmUpRequests === 0 ? null : `warmed up by ${warmUpRequests} requests`,
    ...changesText(changes),
  ]
    .filter((part) => part !== null)
    .join(', ');
};

/** For people. */
export const fleetActionText = (action: FleetAction): string => {
  switch (action.type) {
    case 'deploy':
      return deploymentText(action.deployment);
    case 'rollback-deploy':
      return 'roll the deploy back';
    case 'scale':
      return `scale to ${action.workers} workers`;
  }
};

/** What a schema cannot say about a gateway's config: values that contradict each other, and names of nobody. */
import { thereAre } from '../../core/nearest.js';
import { findReferenceProblems } from '../../delivery/references.js';
import { takesWeight, takesWeights, weightProblem } from '../balance/balancers.js';
import { isTableSize, MAX_TABLE_SIZE } from '../balance/maglev.js';
import { type GatewayConfig, GatewaySchema, type GatewaySection } from '../config.js';
import { findIndivisible } from '../shares.js';
import { findUnkeptTimes } from './durations.js';
import { findNamesProblems } from './names.js';
import { networkProblem, parseNetwork } from './networks.js';
import { findRulesProblems } from './rules.js';

export interface ConfigProblem {
  /** Below the gateway section. */
  readonly path: readonly string[];
  readonly message: string;
  /** A guard objects, and somebody may approve it. */
  readonly approvable?: true;
}

/** Percents that have to be within bounds that a pattern cannot give. */
const bounded = (
  path: readonly string[],
  text: string | undefined,
  [low, high]: readonly [number, number],
): ConfigProblem[] => {
  if (text === undefined) return [];
  const percent = Number(text.slice(0, -1));
  if (percent >= low && percent <= high) return [];
  return [{ path, message: `is ${text}; it has to be from ${low}% to ${high}%` }];
};

const findListenerProblems = ({
  http2,
  tls,
  trustedEdges = [],
}: NonNullable<GatewaySection['listener']> = {}): ConfigProblem[] => [
  ...(http2 !== undefined && tls === undefined
    ? [{ path: ['listener', 'http2'], message: 'is offered over TLS only: give `listener.tls` too' }]
    : []),
  ...trustedEdges.flatMap((text, index) =>
    parseNetwork(text) === null
      ? [{ path: ['listener', 'trustedEdges', String(index)], message: networkProblem(text) }]
      : [],
  ),
];

/** Weights and a slow start that the balancer does not look at. */
const findLostWeights = ({ balancer = 'round-robin', upstreams = {}, slowStart }: GatewaySection) => {
  const name = typeof balancer === 'string' ? balancer : balancer.name;
  const message = weightProblem(name);
  const problems: ConfigProblem[] = [];
  for (const [id, { weight = 1 }] of Object.entries(upstreams)) {
    if (!takesWeight(name, weight)) problems.push({ path: ['upstreams', id, 'weight'], message });
  }
  if (slowStart !== undefined && !takesWeights(name)) problems.push({ path: ['slowStart'], message });
  return problems;
};

/** @param section as it is written, and right by its schema. */
export const findContradictions = (section: GatewaySection): ConfigProblem[] => {
  const problems: ConfigProblem[] = findUnkeptTimes(section, GatewaySchema);
  for (const key of ['concurrency', 'globalConcurrency'] as const) {
    const written = section[key];
    if (written === undefined) continue;
    const { limit, adaptive } = written;
    if (limit === undefined && adaptive === undefined) {
      problems.push({ path: [key], message: 'needs `limit`, or `adaptive` to find one' });
    } else if (limit !== undefined && adaptive !== undefined) {
      problems.push({
        path: [key, 'adaptive'],
        message: 'means nothing beside `limit`; leave one of them out',
      });
    }
    const { min = 1, initial, max = Number.POSITIVE_INFINITY } = adaptive ?? {};
    if (min > max || (initial !== undefined && (initial < min || initial > max))) {
      problems.push({ path: [key, 'adaptive'], message: 'min, initial and max have to be in this order' });
    }
  }
  problems.push(...findLostWeights(section), ...findRulesProblems(section.rules));
  for (const { path, message } of findNamesProblems(section.names ?? {})) {
    problems.push({ path: ['names', ...path], message });
  }
  const { balancer, criticality, outlierEjection, priorities, listener } = section;
  if (typeof balancer === 'object') {
    const { tableSize, boundedLoad } = balancer;
    if (tableSize !== undefined && !isTableSize(tableSize)) {
      const message = `is ${tableSize}; it has to be a prime of at most ${MAX_TABLE_SIZE}, such as 65537`;
      problems.push({ path: ['balancer', 'tableSize'], message });
    }
    problems.push(...bounded(['balancer', 'boundedLoad'], boundedLoad, [100, 10_000]));
  }
  for (const [name, share] of Object.entries(criticality?.shares ?? {})) {
    problems.push(...bounded(['criticality', 'shares', name], share as string, [1, 100]));
  }
  problems.push(
    ...bounded(['outlierEjection', 'maxEjected'], outlierEjection?.maxEjected, [0, 100]),
    ...bounded(['priorities', 'overprovisioning'], priorities?.overprovisioning, [100, 1_000]),
    ...bounded(['priorities', 'panicThreshold'], priorities?.panicThreshold, [0, 100]),
  );
  if (section.profile === 'naive') {
    for (const key of Object.keys(section)) {
      if (key !== 'profile' && key !== 'processes' && key !== 'healthCheck') {
        problems.push({ path: [key], message: 'means nothing to the profile naive; leave it out' });
      }
    }
  }
  problems.push(...findListenerProblems(listener));
  return problems;
};

const textPath = (path: readonly (string | number)[]): string[] => path.map(String);

const findRuleOverflow = ({ rules, ruleTable }: GatewayConfig): ConfigProblem[] => {
  if (ruleTable === null || rules.length <= ruleTable.size) return [];
  const message = `are ${rules.length}, where the table has room for ${ruleTable.size}`;
  return [{ path: ['rules'], message, approvable: true }];
};

/**
 * Names that are nobody's, pools with nobody in them, rules that there is no room for, and limits that cannot be divided.
 * @param ids of the upstreams there are; `null`: not known yet.
 */
export const findConfigProblems = (config: GatewayConfig, ids: readonly string[] | null): ConfigProblem[] => {
  const problems: ConfigProblem[] = findReferenceProblems({
    upstreams: ids && new Map(ids.map((id) => [id, config.upstreams[id]?.weight ?? 1])),
    pools: Object.entries(config.pools).map(([id, members]) => ({ id, path: ['pools', id], members })),
    routes: (config.routes ?? []).flatMap(({ pool }, index) =>
      pool === null ? [] : [{ path: ['routes', index], pool }],
    ),
  }).map(({ path, ...problem }) => ({ path: textPath(path), ...problem }));
  for (const id of ids === null ? [] : Object.keys(config.upstreams)) {
    if (!ids!.includes(id)) {
      problems.push({
        path: ['upstreams', id],
        message: `there is no upstream "${id}"${thereAre(id, ids!)}`,
      });
    }
  }
  return [...problems, ...findRuleOverflow(config), ...findIndivisible(config)];
};

/** Sections that are read once, when the gateway starts. */
const FIXED = [
  'profile',
  'processes',
  'listener',
  'names',
  'upstreamTls',
] as const satisfies readonly (keyof GatewayConfig)[];

/** What a running gateway cannot take over. */
export const findFixedChanges = (running: GatewayConfig, wanted: GatewayConfig): ConfigProblem[] =>
  FIXED.filter((key) => JSON.stringify(running[key]) !== JSON.stringify(wanted[key])).map((key) => ({
    path: [key],
    message: `cannot change while the gateway runs${runningAs(running[key])}; start it anew`,
  }));

const runningAs = (value: unknown): string => (typeof value === 'object' ? '' : ` with ${String(value)}`);

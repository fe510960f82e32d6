/** How an upstream is chosen: `gateway.balancer`, `gateway.hashOn`, `gateway.priorities` and `gateway.slowStart`. */
import { Count, Duration, OneOf, Optional, Percent, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMs, parseDurationMsOr, parseRatioOr } from '../../core/units.js';
import { BALANCERS, type BalancerName, type BalancerOptions } from '../balance/balancers.js';
import { PRIORITY_DEFAULTS, type PriorityOptions } from '../balance/priorities.js';
import { SLOW_START_DEFAULTS, type SlowStartOptions } from '../balance/slow-start.js';
import { given } from './given.js';

const BALANCER_NAMES = Object.keys(BALANCERS) as BalancerName[];

const BalancerSection = Section(
  {
    name: OneOf(BALANCER_NAMES, 'Which one.'),
    boundedLoad: Optional(
      Percent('ring-hash, maglev: requests in flight on one upstream, of its fair share; none by default.'),
    ),
    minRingSize: Optional(Count(1, 'ring-hash: points on the ring, at least; default 1024.')),
    tableSize: Optional(Count(2, 'maglev: entries of the table, a prime; default 65537.')),
    decay: Optional(Duration('peak-ewma: after so long 37 % of a peak is left; default 10s.')),
    failureCost: Optional(
      Duration('peak-ewma: a failure counts as having taken this long; default: what it took.'),
    ),
    probesPerRequest: Optional(Type.Number({ exclusiveMinimum: 0, description: 'prequal; default 3.' })),
    poolSize: Optional(Count(2, 'prequal: probes in the pool; default 16, fewer with few upstreams.')),
    probeAge: Optional(Duration('prequal: an older probe is thrown away; default 1s.')),
    probeTimeout: Optional(Duration('prequal: how long a probe may take; default 100ms.')),
    probePath: Optional(
      Type.String({ pattern: '^/', description: 'prequal: what probes ask for; default /probe.' }),
    ),
  },
  'A balancer with its options.',
);

export const BalancerSchema = Type.Union([
  OneOf(BALANCER_NAMES, 'How an upstream is chosen; default round-robin.'),
  BalancerSection,
]);

export const HashOnSchema = Type.String({
  pattern: '^(request|client|path|url|header:[A-Za-z0-9-]+|cookie:[A-Za-z0-9_-]+)$',
  description:
    'What requests that belong together have in common, for ring-hash, maglev and config rollouts: request (nothing), client (its address), path, url, header:NAME or cookie:NAME; default client with ring-hash and maglev, else request.',
});

export const PrioritiesSchema = Section(
  {
    overprovisioning: Optional(
      Percent('A priority carries all its traffic while its healthy part times this is 100%; default 140%.'),
    ),
    panicThreshold: Optional(
      Percent('With fewer healthy than this, health is not believed and all are used; default 0%: never.'),
    ),
    failTrafficOnPanic: Optional(Type.Boolean({ description: 'In panic use none; default false.' })),
  },
  'Failover between priorities, and panic.',
);

export const SlowStartSchema = Section(
  {
    window: Duration('How long an upstream that has come up gets less than its weight.'),
    minWeight: Optional(Percent('The part of its weight it has at least; default 10%.')),
    aggression: Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'Above 1 it grows quickly at first; default 1.' }),
    ),
  },
  'Slow start.',
);

/** Where the key of a request is found. */
export type HashOn =
  | { readonly from: 'request' | 'client' | 'path' | 'url' }
  | { readonly from: 'header' | 'cookie'; readonly name: string };

export interface BalancerConfig {
  readonly name: BalancerName;
  readonly options: Partial<BalancerOptions>;
  /** What probes ask for. */
  readonly probePath: string;
}

export const resolveBalancer = (section: Static<typeof BalancerSchema> = 'round-robin'): BalancerConfig => {
  const written = typeof section === 'string' ? { name: section } : section;
  return {
    name: written.name,
    options: given<BalancerOptions>({
      balanceFactor: parseRatioOr(written.boundedLoad, undefined),
      minRingSize: written.minRingSize,
      tableSize: written.tableSize,
      decayMs: parseDurationMsOr(written.decay, undefined),
      failureCostMs: parseDurationMsOr(written.failureCost, undefined),
      probesPerRequest: written.probesPerRequest,
      poolSize: written.poolSize,
      maxAgeMs: parseDurationMsOr(written.probeAge, undefined),
      probeTimeoutMs: parseDurationMsOr(written.probeTimeout, undefined),
    } as { [Key in keyof BalancerOptions]: BalancerOptions[Key] | undefined }),
    probePath: written.probePath ?? '/probe',
  };
};

/**
 * Without a choice, each request stands for itself, so that a rollout reaches its share of the requests though all come
 * from one address; to consistent hashing that would be chance, so there it is the client.
 */
export const resolveHashOn = (text: string | undefined, balancer: BalancerName): HashOn => {
  const byDefault = balancer === 'ring-hash' || balancer === 'maglev' ? 'client' : 'request';
  const [from, name] = (text ?? byDefault).split(':');
  if (from === 'header' || from === 'cookie') return { from, name: name!.toLowerCase() };
  return { from: from as 'request' | 'client' | 'path' | 'url' };
};

/**
 * Envoy's, but for panic: with none healthy, a gateway that says 503 at once shows what happened, and its threshold of
 * 50 % would send every second request of a small pool to a dead worker.
 */
export const resolvePriorities = (section: Static<typeof PrioritiesSchema> = {}): PriorityOptions => ({
  overprovisioningFactor: parseRatioOr(section.overprovisioning, PRIORITY_DEFAULTS.overprovisioningFactor),
  panicThreshold: parseRatioOr(section.panicThreshold, 0),
  failTrafficOnPanic: section.failTrafficOnPanic ?? PRIORITY_DEFAULTS.failTrafficOnPanic,
});

export const resolveSlowStart = (section: Static<typeof SlowStartSchema>): SlowStartOptions => ({
  windowMs: parseDurationMs(section.window),
  minWeightRatio: parseRatioOr(section.minWeight, SLOW_START_DEFAULTS.minWeightRatio),
  aggression: section.aggression ?? SLOW_START_DEFAULTS.aggression,
});

/** What keeps work out: `gateway.concurrency`, `globalConcurrency`, `admission`, `criticality` and `rateLimit`. */
import {
  Count,
  Duration,
  OneOf,
  Optional,
  Percent,
  Rate,
  Section,
  type Static,
  Type,
} from '../../core/schema.js';
import { parseDurationMsOr, parseRateRps, parseRateRpsOr, parseRatioOr } from '../../core/units.js';
import {
  ENVOY_ADMISSION_DEFAULTS,
  type EnvoyAdmissionOptions,
  SRE_THROTTLE_DEFAULTS,
  type SreThrottleOptions,
} from '../../policies/admission.js';
import type { ConcurrencyOptions } from '../../policies/concurrency.js';
import {
  CRITICALITIES,
  CRITICALITY_DEFAULTS,
  type Criticality,
  type CriticalityOptions,
} from '../../policies/criticality.js';
import type { LimitOptions } from '../../policies/limits/limit-algorithms.js';
import { LINE_DEFAULTS, LINES, type LineName } from '../../policies/lines/lines.js';
import type { TokenBucketOptions } from '../../policies/token-bucket.js';
import { given } from './given.js';

const ADAPTIVE = ['aimd', 'vegas', 'gradient2', 'gradient'] as const;

const AdaptiveSchema = Section(
  {
    algorithm: OneOf(ADAPTIVE, 'Who finds the limit from how requests fare.'),
    initial: Optional(Count(1, 'What it begins with; default 20. Not of gradient.')),
    min: Optional(
      Count(1, 'Default: the algorithm’s own, 20 of aimd and gradient2, 1 of vegas, 3 of gradient.'),
    ),
    max: Optional(Count(1, 'Default: the algorithm’s own.')),
    timeout: Optional(Duration('aimd: what took longer counts as dropped; default 5s.')),
    tolerance: Optional(
      Type.Number({
        minimum: 1,
        description: 'gradient2: slower than the long run by this is fine; default 1.5.',
      }),
    ),
    update: Optional(Duration('gradient: between two updates; default 100ms.')),
    minRttInterval: Optional(Duration('gradient: between two measurements without load; default 60s.')),
    buffer: Optional(Percent('gradient: so much above the time without load is fine; default 25%.')),
  },
  'A limit that adapts.',
);

export const ConcurrencySchema = Section(
  {
    limit: Optional(Count(1, 'Requests in flight at once. This or `adaptive`.')),
    adaptive: Optional(AdaptiveSchema),
    queue: Optional(Count(0, 'Requests that may wait for a slot; default 0.')),
    maxWait: Optional(Duration('How long one may wait; default 1s.')),
    discipline: Optional(OneOf(Object.keys(LINES) as LineName[], 'Who of them is next; default fifo.')),
    target: Optional(Duration('codel: longest wait while there is a backlog; default 5ms.')),
    interval: Optional(
      Duration('codel, adaptive-lifo: a queue not empty for so long is a backlog; default 100ms.'),
    ),
    margin: Optional(Duration('deadline: who has less time left than this is dropped; default 50ms.')),
  },
  'Concurrency limit. More is refused with 503.',
);

export const AdmissionSchema = Section(
  {
    formula: Optional(
      OneOf(['sre', 'envoy'], 'The client throttle of the SRE book, or Envoy’s; default sre.'),
    ),
    k: Optional(
      Type.Number({ minimum: 1, description: 'sre: requests let in for each accepted; default 2.' }),
    ),
    window: Optional(Duration('What is looked at; default 2m of sre, 30s of envoy.')),
    threshold: Optional(Percent('envoy: with this share of successes none is refused; default 95%.')),
    aggression: Optional(Type.Number({ minimum: 1, description: 'envoy; default 1.' })),
    minRate: Optional(Rate('envoy: with fewer requests none is refused; default 0/s.')),
    maxProbability: Optional(Percent('envoy: no more are refused; default 80%.')),
  },
  'Admission control: when many fail, some are refused at once with 503.',
);

const classes = (description: string) =>
  Section(
    Object.fromEntries(
      CRITICALITIES.map((name) => [name, Optional(Percent(`Of requests that are ${name}.`))]),
    ),
    description,
  );

export const CriticalitySchema = Section(
  {
    header: Optional(
      Type.String({ minLength: 1, description: 'Header that names a class; default x-criticality.' }),
    ),
    tierHeader: Optional(
      Type.String({ minLength: 1, description: 'Header that names a tier; default x-tier.' }),
    ),
    tiers: Optional(
      Type.Record(Type.String({ minLength: 1 }), OneOf(CRITICALITIES, 'Its class.'), {
        description: 'Tiers and their classes; default premium: critical, free: sheddable.',
      }),
    ),
    otherwise: Optional(OneOf(CRITICALITIES, 'The class of requests that say nothing; default critical.')),
    shares: Optional(
      classes('Of each concurrency limit, what a class may have; default 100%, 100%, 75%, 50%.'),
    ),
  },
  'Who matters more: less critical requests are refused first, wait longest and make way.',
);

export const RateLimitSchema = Section(
  {
    rate: Rate('Requests a second of one client address that are always fine.'),
    burst: Optional(Count(1, 'Requests at once after a quiet time; default one second of the rate.')),
    maxClients: Optional(Count(1, 'Clients known at once; default 10000.')),
  },
  'Rate limit per client address. More is refused with 429.',
);

/** An algorithm by its name, with its options. */
export type LimitConfig = {
  [Name in keyof LimitOptions]: { readonly name: Name; readonly options: LimitOptions[Name] };
}[keyof LimitOptions];

export interface ConcurrencyConfig extends ConcurrencyOptions {
  readonly algorithm: LimitConfig;
}

export type AdmissionConfig =
  | ({ readonly formula: 'sre' } & SreThrottleOptions)
  | ({ readonly formula: 'envoy' } & EnvoyAdmissionOptions);

export interface CriticalityConfig extends CriticalityOptions {
  /** Of each concurrency limit, by class, the most critical first. */
  readonly shares: readonly number[];
}

const resolveAlgorithm = ({ limit, adaptive }: Static<typeof ConcurrencySchema>): LimitConfig => {
  if (adaptive === undefined) return { name: 'fixed', options: { limit: limit! } };
  const common = given({ initialLimit: adaptive.initial, minLimit: adaptive.min, maxLimit: adaptive.max });
  switch (adaptive.algorithm) {
    case 'aimd':
      return {
        name: 'aimd',
        options: { ...common, ...given({ timeoutMs: parseDurationMsOr(adaptive.timeout, undefined) }) },
      };
    case 'vegas':
      return { name: 'vegas', options: common };
    case 'gradient2':
      return { name: 'gradient2', options: { ...common, ...given({ tolerance: adaptive.tolerance }) } };
    case 'gradient':
      return {
        name: 'gradient',
        options: given({
          minConcurrency: adaptive.min,
          maxLimit: adaptive.max,
          updateMs: parseDurationMsOr(adaptive.update, undefined),
          minRttIntervalMs: parseDurationMsOr(adaptive.minRttInterval, undefined),
          buffer: parseRatioOr(adaptive.buffer, undefined),
        }),
      };
  }
};

/** No queue by default: where a worker queues without bound, a second queue in front of it only hides the first. */
export const resolveConcurrency = (
  section: Static<typeof ConcurrencySchema>,
  criticality: CriticalityConfig | null,
): ConcurrencyConfig => ({
  algorithm: resolveAlgorithm(section),
  queue: section.queue ?? 0,
  maxWaitMs: parseDurationMsOr(section.maxWait, 1_000),
  discipline: section.discipline ?? 'fifo',
  line: {
    targetMs: parseDurationMsOr(section.target, LINE_DEFAULTS.targetMs),
    intervalMs: parseDurationMsOr(section.interval, LINE_DEFAULTS.intervalMs),
    marginMs: parseDurationMsOr(section.margin, LINE_DEFAULTS.marginMs),
  },
  shares: criticality?.shares ?? null,
});

export const resolveAdmission = (section: Static<typeof AdmissionSchema>): AdmissionConfig => {
  if (section.formula !== 'envoy') {
    return {
      formula: 'sre',
      k: section.k ?? SRE_THROTTLE_DEFAULTS.k,
      windowMs: parseDurationMsOr(section.window, SRE_THROTTLE_DEFAULTS.windowMs),
    };
  }
  const { threshold, maxProbability, minRate } = section;
  return {
    formula: 'envoy',
    windowMs: parseDurationMsOr(section.window, ENVOY_ADMISSION_DEFAULTS.windowMs),
    threshold: parseRatioOr(threshold, ENVOY_ADMISSION_DEFAULTS.threshold),
    aggression: section.aggression ?? ENVOY_ADMISSION_DEFAULTS.aggression,
    minRps: parseRateRpsOr(minRate, ENVOY_ADMISSION_DEFAULTS.minRps),
    maxProbability: parseRatioOr(maxProbability, ENVOY_ADMISSION_DEFAULTS.maxProbability),
  };
};

/** Netflix gave user requests all of a limit and prefetches the rest; between them, what leaves room for a burst. */
const DEFAULT_SHARES: Readonly<Record<Criticality, number>> = {
  'critical-plus': 1,
  critical: 1,
  'sheddable-plus': 0.75,
  sheddable: 0.5,
};

const lowerCased = <Value>(record: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));

export const resolveCriticality = (section: Static<typeof CriticalitySchema>): CriticalityConfig => {
  const shares = section.shares as Readonly<Record<string, string | undefined>> | undefined;
  return {
    header: (section.header ?? CRITICALITY_DEFAULTS.header).toLowerCase(),
    tierHeader: (section.tierHeader ?? CRITICALITY_DEFAULTS.tierHeader).toLowerCase(),
    tiers: lowerCased(section.tiers ?? CRITICALITY_DEFAULTS.tiers),
    otherwise: section.otherwise ?? CRITICALITY_DEFAULTS.otherwise,
    shares: CRITICALITIES.map((name) => parseRatioOr(shares?.[name], DEFAULT_SHARES[name])),
  };
};

/** Ten thousand clients take about two megabytes; the one quiet longest makes way for another. */
export const resolveRateLimit = (section: Static<typeof RateLimitSchema>): TokenBucketOptions => {
  const rateRps = parseRateRps(section.rate);
  return {
    rateRps,
    burst: section.burst ?? Math.max(1, Math.ceil(rateRps)),
    maxClients: section.maxClients ?? 10_000,
  };
};

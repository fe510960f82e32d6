/**
 * What the properties of config delivery speak of, as one table of functions, so that they can be run against the true
 * ones and against wrong ones (`test/mutants`).
 */

import { readDocument as readYaml } from '../../src/core/document/document.js';
import { Random } from '../../src/core/random.js';
import { printConfig, type ReadConfig, readConfig } from '../../src/delivery/config-document.js';
import { capacityGuard, sizeGuard } from '../../src/delivery/guards.js';
import {
  type LiveVersion,
  LiveVersions,
  type LiveVersionsOptions,
  type PlanOutcome,
  type TrafficPlan,
} from '../../src/delivery/live-versions.js';
import { findReferenceProblems } from '../../src/delivery/references.js';
import { BALANCERS } from '../../src/gateway/balance/balancers.js';
import type { GatewayConfig } from '../../src/gateway/config.js';
import { parseGatewayFile } from '../../src/gateway/config-document.js';
import { UpstreamPool } from '../../src/gateway/upstream-pool.js';
import type { WeightedUpstream } from './config-inputs.js';

/** A gateway's config as it was written and as it is meant. */
export interface ParsedConfig {
  readonly section: unknown;
  readonly resolved: GatewayConfig;
}

/** Something that a list of weights is put to work in. */
export interface Actuated {
  /** The health of an upstream changes. */
  refresh(): void;
  /** A request needs an upstream. */
  pick(): void;
}

/** `LiveVersions`, as far as properties look at it. */
export interface Versions<Live> {
  readonly order: number;
  readonly stable: LiveVersion<unknown, Live>;
  readonly candidate: LiveVersion<unknown, Live> | null;
  readonly shareRatio: number;
  readonly standby: LiveVersion<unknown, Live> | null;
  readonly draining: readonly LiveVersion<unknown, Live>[];
  apply(plan: TrafficPlan<unknown>): PlanOutcome;
  begin(key: string): LiveVersion<unknown, Live>;
  end(used: LiveVersion<unknown, Live>): void;
}

export interface ConfigSubject {
  readonly read: (text: string) => ReadConfig<ParsedConfig>;
  readonly print: (config: ParsedConfig) => string;
  readonly actuate: (upstreams: readonly WeightedUpstream[]) => Actuated;
  readonly findReferenceProblems: typeof findReferenceProblems;
  readonly makeVersions: <Live>(options: LiveVersionsOptions<unknown, Live>) => Versions<Live>;
  readonly capacityGuard: typeof capacityGuard;
  readonly sizeGuard: typeof sizeGuard;
}

export const parseConfig = (text: string): ParsedConfig => {
  const resolved = parseGatewayFile(text, 'gateway.yaml');
  const written = (readYaml(text, 'gateway.yaml').value ?? {}) as Record<string, unknown>;
  return { section: Object.hasOwn(written, 'gateway') ? written.gateway : written, resolved };
};

/** Every balancer there is, on a pool whose upstreams come and go. */
const actuate = (upstreams: readonly WeightedUpstream[]): Actuated => {
  const pool = new UpstreamPool(upstreams.map((upstream) => ({ ...upstream, host: '127.0.0.1', port: 1 })));
  const selectors = Object.values(BALANCERS).map((make) => make({ random: new Random(1) }));
  let available = pool.upstreams;
  let turn = 0;
  return {
    refresh: () => {
      turn++;
      const out = pool.upstreams[turn % pool.upstreams.length];
      available = pool.upstreams.length === 1 ? pool.upstreams : pool.upstreams.filter((one) => one !== out);
    },
    pick: () => {
      turn++;
      for (const selector of selectors) selector.select(available, { nowMs: turn, key: `client-${turn}` });
    },
  };
};

export const TRUTH: ConfigSubject = {
  read: (text) => readConfig(text, parseConfig),
  print: ({ section }) => printConfig(section),
  actuate,
  findReferenceProblems,
  makeVersions: (options) => new LiveVersions(options),
  capacityGuard,
  sizeGuard,
};

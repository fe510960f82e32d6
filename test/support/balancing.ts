/** Upstreams for tests of balancers, and a small simulation of what becomes of traffic that a balancer directs. */
import { Random } from '../../src/core/random.js';
import { BALANCERS, type BalancerName, type BalancerOptions } from '../../src/gateway/balance/balancers.js';
import type { Choice, Selector } from '../../src/gateway/balance/selector.js';
import { Upstream } from '../../src/gateway/upstream-pool.js';

export interface UpstreamSpec {
  readonly weight?: number;
  readonly load?: number;
}

/** Named u0, u1 and so on. */
export const upstreamsOf = (...specs: readonly UpstreamSpec[]): Upstream[] =>
  specs.map(({ weight = 1, load = 0 }, index) => {
    const upstream = new Upstream({ id: `u${index}`, host: '127.0.0.1', port: 1, weight });
    upstream.inFlight = load;
    return upstream;
  });

export const weighing = (...weights: readonly number[]): Upstream[] =>
  upstreamsOf(...weights.map((weight) => ({ weight })));

export const loaded = (...loads: readonly number[]): Upstream[] =>
  upstreamsOf(...loads.map((load) => ({ load })));

export const alike = (count: number): Upstream[] => weighing(...Array.from({ length: count }, () => 1));

export const make = (name: BalancerName, options: Partial<BalancerOptions> = {}, seed = 1): Selector =>
  BALANCERS[name]({ random: new Random(seed), options });

export const choice = (key = '', nowMs = 0): Choice => ({ key, nowMs });

/** How often each is chosen, in their order; each draw has a key and a moment of its own. */
export const countChoices = (
  selector: Selector,
  available: readonly Upstream[],
  draws: number,
  from = 0,
): number[] => {
  const counts = available.map(() => 0);
  for (let draw = from; draw < from + draws; draw++) {
    counts[available.indexOf(selector.select(available, choice(`key-${draw}`, draw)))]!++;
  }
  return counts;
};

export interface Host {
  readonly latencyMs: number;
  readonly fails?: boolean;
}

export interface Traffic {
  readonly requests: number;
  readonly gapMs: number;
}

/** Requests at even gaps, to hosts that take their time and never queue. @returns each host's part of the requests. */
export const simulate = (
  selector: Selector,
  hosts: readonly Host[],
  { requests, gapMs }: Traffic,
): number[] => {
  const upstreams = alike(hosts.length);
  const sent = upstreams.map(() => 0);
  let underWay: { readonly index: number; readonly endMs: number }[] = [];
  for (let request = 0; request < requests; request++) {
    const nowMs = request * gapMs;
    const done = underWay.filter(({ endMs }) => endMs <= nowMs).sort((a, b) => a.endMs - b.endMs);
    underWay = underWay.filter(({ endMs }) => endMs > nowMs);
    for (const { index, endMs } of done) {
      const { latencyMs, fails } = hosts[index]!;
      upstreams[index]!.inFlight--;
      const outcome = fails ? 'failure' : 'success';
      selector.observe?.(upstreams[index]!, { nowMs: endMs, latencyMs, outcome });
    }
    const index = upstreams.indexOf(selector.select(upstreams, choice(`key-${request}`, nowMs)));
    sent[index]!++;
    upstreams[index]!.inFlight++;
    underWay.push({ index, endMs: nowMs + hosts[index]!.latencyMs });
  }
  return sent.map((count) => count / requests);
};

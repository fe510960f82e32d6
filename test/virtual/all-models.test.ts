/** Names, links, TLS and gateways of several processes together, in a thread of the engine. */
import { describe, expect, it } from 'vitest';
import { runInThread } from '../support/virtual-run.js';

/** Everything that a model stands for at once: names, links, TLS, several gateways of several processes. */
const ALL_MODELS = `version: 1
name: all-models
title: everything that has a model, at once
fleet: { workers: 3, serviceTime: { distribution: exponential, mean: 10ms } }
names: { ttl: 1s }
links: {}
tls: on
gateways: 2
edge: { tls: on, bypass: on, gateway: { healthCheck: { interval: 300ms, timeout: 200ms } } }
gateway: { processes: 2, retry: { attempts: 2 }, breaker: { openFor: 500ms }, names: { serveStale: on } }
clients: { patience: 1s, classes: { app: { share: 50% }, visitors: { share: 50%, keepAlive: off } } }
load: { stages: [{ rate: 150/s, for: 6s }] }
timeline:
  - { at: 1s, toxic: latency, on: all, attributes: { latency: 20, jitter: 10 }, for: 2s }
  - { at: 1s, toxic: reset_peer, on: worker-1, toxicity: 0.3, for: 2s }
  - { at: 2s, dns: servfail, on: worker-2, for: 2s }
  - { at: 2s, certificate: expired, on: gateway-1, for: 1s }
  - { at: 3s, toxic: black-hole, on: worker-3, for: 1s }
  - { at: 4s, disrupt: kill, on: edge, for: 500ms }
windows: { baseline: 0s..900ms, outage: 1s..4500ms, after: 5500ms..6s }
`;

describe('a run of everything that has a model', () => {
  it('is the same twice, and another with another seed', async () => {
    const [one, again, other] = [
      await runInThread(ALL_MODELS, 1),
      await runInThread(ALL_MODELS, 1),
      await runInThread(ALL_MODELS, 2),
    ];
    expect(JSON.stringify(again)).toBe(JSON.stringify(one));
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(one));
    const types = new Set(one.events.map(({ type }) => type));
    for (const type of [
      'link.toxic-removed',
      'name.served-stale',
      'certificate.reloaded',
      'gateway.process-started',
      'gateway.recovered',
    ])
      expect(types).toContain(type);
    expect(one.windows.baseline!.availability).toBe(1);
    expect(one.windows.outage!.availability).toBeLessThan(1);
    expect(one.windows.after!.availability).toBeGreaterThan(0.99);
  }, 300_000);
});

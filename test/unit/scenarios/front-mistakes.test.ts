/** Mistakes about gateways and the edge: each with its path, its line and column, and how to mend it. */
import { describe, it } from 'vitest';
import { expectMistake, MINIMAL } from '../../support/scenario-text.js';

const added = (sections: string): string => `${MINIMAL}${sections}\n`;
const entry = (text: string, front = ''): string => added(`${front}timeline:\n  - ${text}`);

describe('a mistake about the front', () => {
  it.each([
    ['too many gateways', added('gateways: ▸9'), 'gateways', 'must be at most 4: each is a process; got 9'],
    ['no gateway', added('gateways: ▸0'), 'gateways', 'must be >= 1, got 0'],
    [
      'an unknown key of the edge',
      added('edge: { ▸cache: {} }'),
      'edge.cache',
      'unknown key; known here: gateway, bypass',
    ],
    [
      'a pool of the edge with a worker in it',
      added(
        'edge: { gateway: { pools: { p: { upstreams: [gateway-1, ▸worker-1] } }, routes: [{ path: /, pool: p }] } }',
      ),
      'edge.gateway.pools.p.upstreams.1',
      'there is no upstream "worker-1"',
    ],
    [
      'a gateway that is not there',
      entry('{ at: 1s, disrupt: kill, on: ▸gateway-2, for: 1s }'),
      'timeline[0].on',
      'there is no gateway-2; there are gateway-1',
    ],
    [
      'nobody to disrupt',
      entry('{ at: 1s, disrupt: ▸kill }'),
      'timeline[0].disrupt',
      'needs `on`, such as gateway-1',
    ],
    [
      'a block without an end',
      entry('{ at: 1s, disrupt: ▸block, on: edge }', 'edge: {}\n'),
      'timeline[0].disrupt',
      'needs `for`, how long it lasts',
    ],
    [
      'a stop of one process of several',
      entry('{ at: 1s, disrupt: ▸stop, on: gateway-1 }', 'gateway: { processes: 2 }\n'),
      'timeline[0].disrupt',
      'gateway-1 has 2 processes, and stop meets one; kill it, or give it one',
    ],
    [
      'a config for an edge that is not there',
      entry('{ at: 1s, push-config: {}, to: ▸edge }'),
      'timeline[0].to',
      'there is no edge; give the scenario the section `edge`',
    ],
  ])('such as %s is told where it is', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });
});

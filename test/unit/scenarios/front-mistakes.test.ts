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
      'unknown key; known here: tls, gateway, bypass',
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
      'a certificate of an edge that speaks no TLS',
      entry('{ at: 1s, certificate: ▸expired, on: edge }', 'edge: {}\n'),
      'timeline[0].certificate',
      'edge speaks no TLS; give `edge: { tls: on }`',
    ],
    [
      'a certificate of a gateway that speaks no TLS',
      entry('{ at: 1s, certificate: ▸untrusted, on: [edge, gateway-1] }', 'edge: { tls: on }\n'),
      'timeline[0].certificate',
      'gateway-1 speaks no TLS; give `tls: on` at the top of the file',
    ],
    [
      'a renewal for a while',
      entry('{ at: 1s, certificate: renewed, on: gateway-1, for: ▸1s }', 'tls: on\n'),
      'timeline[0].for',
      'means nothing to renewed',
    ],
    [
      'a certificate of nobody',
      entry('{ at: 1s, certificate: ▸expired }', 'tls: on\n'),
      'timeline[0].certificate',
      'needs `on`, such as gateway-1',
    ],
    [
      'a certificate of one’s own',
      added('edge: { gateway: { listener: { tls: ▸{ certificate: a.pem, key: b.pem } } } }'),
      'edge.gateway.listener.tls',
      'a run makes its certificates itself: leave this out, and give `tls: on`',
    ],
    [
      'TLS of a profile that speaks none',
      added('tls: ▸on\ngateway: { profile: naive }'),
      'tls',
      'the profile naive speaks no TLS',
    ],
    [
      'TLS to gateways from an edge that speaks none',
      added('tls: ▸on\nedge: { gateway: { profile: naive } }'),
      'tls',
      'the profile naive speaks no TLS',
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

/** A user's own config of a proxy: places that a run fills in, and texts that stand for them. */
import { describe, expect, it } from 'vitest';
import { fillIn, type OwnConfig } from '../../../src/scenarios/targets/own-config.js';
import type { ProxySite, ProxyUpstream } from '../../../src/scenarios/targets/target.js';

const SITE: ProxySite = {
  ...{ host: '127.0.0.1', port: 40_001, adminPort: 40_002, folder: '/tmp/run' },
  ...{ resolver: undefined, purpose: 'run' },
};
const upstream = (number: number): ProxyUpstream => ({
  ...{ id: `worker-${number}`, host: '127.0.0.1', port: 9000 + number },
  ...{ weight: 1, priority: 0, drained: false },
});
const UPSTREAMS = [upstream(1), upstream(2)];

const filled = (text: string, map: OwnConfig['map'] = {}): string =>
  fillIn({ file: 'my.conf', text, map }, SITE, UPSTREAMS);

describe('an own config', () => {
  it.each([
    ['{{listen}} {{worker-1}}', '127.0.0.1:40001 127.0.0.1:9001'],
    ['{{ host }}:{{port}} {{worker-2.host}} {{worker-2.port}}', '127.0.0.1:40001 127.0.0.1 9002'],
    [
      '{{listen}} {{folder}}/x.log {{admin-port}} {{worker-1}}',
      '127.0.0.1:40001 /tmp/run/x.log 40002 127.0.0.1:9001',
    ],
    [
      '{{port}}\n{{workers: server %id %address; }}',
      '40001\nserver worker-1 127.0.0.1:9001;\nserver worker-2 127.0.0.1:9002;',
    ],
    ['{{port}} {{workers:%host %port}}', '40001 127.0.0.1 9001\n127.0.0.1 9002'],
  ])('%j becomes %j', (text, expected) => {
    expect(filled(text)).toBe(expected);
  });

  it('leaves what is no place as it is', () => {
    const text = 'log_format x "{\\"a\\":1}"; {% raw %} $var $1 {{listen}} {{worker-1}}';
    expect(filled(text)).toContain('log_format x "{\\"a\\":1}"; {% raw %} $var $1 127.0.0.1:40001');
  });

  it('is taken as it stands where texts are mapped', () => {
    const text = 'listen 80;\nserver 10.0.0.7:8080;\nserver 10.0.0.8:8080 backup;';
    const map = { '80': 'port', '10.0.0.7:8080': 'worker-1', '10.0.0.8:8080': 'worker-2' };
    expect(filled(text, map)).toBe('listen 40001;\nserver 127.0.0.1:9001;\nserver 127.0.0.1:9002 backup;');
  });

  it.each([
    ['a longer address', 'server 10.0.0.7:8080; server 10.0.0.7:80;'],
    ['a longer host', 'server 110.0.0.7:80; server 10.0.0.7:80;'],
    ['a longer name', 'server a.10.0.0.7:80-x; server 10.0.0.7:80;'],
  ])('does not take a part of %s for it', (_what, servers) => {
    const [other] = servers.split('; ');
    expect(filled(`{{listen}} ${servers}`, { '10.0.0.7:80': 'worker-1' })).toBe(
      `127.0.0.1:40001 ${other}; server 127.0.0.1:9001;`,
    );
  });

  it.each<[string, string, OwnConfig['map'], RegExp]>([
    ['no place to listen', 'server {{worker-1}};', {}, /my\.conf: nothing says where it listens/],
    ['no worker', 'listen {{listen}};', {}, /sends nothing to this run's workers/],
    [
      'an unknown place',
      'listen {{listen}};\n  server {{worker-9}}; {{worker-1}}',
      {},
      /my\.conf:2:10: .*worker-9.*there are/,
    ],
    ['a template where none can be', '{{listen: x}} {{worker-1}} {{port}}', {}, /my\.conf:1:1/],
    [
      'a mapped place that there is not',
      '{{listen}} {{worker-1}} a',
      { a: 'worker-7' },
      /--map a=worker-7: there is no such place/,
    ],
    [
      'a mapped text that is not there',
      '{{listen}} {{worker-1}}',
      { b: 'worker-1' },
      /my\.conf does not contain b/,
    ],
  ])('is refused for %s', (_what, text, map, expected) => {
    expect(() => filled(text, map)).toThrow(expected);
  });
});

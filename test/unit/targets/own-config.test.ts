/** A user's own config of a proxy: places that a run fills in, and texts that stand for them. */
import { describe, expect, it } from 'vitest';
import { caddy } from '../../../src/scenarios/targets/caddy/caddy.js';
import { envoy } from '../../../src/scenarios/targets/envoy/envoy.js';
import { haproxy } from '../../../src/scenarios/targets/haproxy/haproxy.js';
import { nginx } from '../../../src/scenarios/targets/nginx/nginx.js';
import { fillIn, type OwnConfig } from '../../../src/scenarios/targets/own-config.js';
import type { ProxySite, ProxyUpstream } from '../../../src/scenarios/targets/target.js';
import { stateOf } from '../../support/targets.js';

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

  it('replaces no part of what it has filled in', () => {
    const here = { ...upstream(1), port: 80 };
    const own = {
      file: 'my.conf',
      text: 'listen 80; server {{worker-1}}; a 10.0.0.7:80; b 10.0.0.8;',
      map: { '80': 'port', '10.0.0.7:80': 'worker-2', '10.0.0.8': 'worker-1.host', '127.0.0.1': 'folder' },
    };
    const said = 'listen 40001; server 127.0.0.1:80; a 127.0.0.1:9002; b 127.0.0.1;';
    expect(() => fillIn(own, SITE, [here, upstream(2)])).toThrow('does not contain 127.0.0.1');
    expect(fillIn({ ...own, text: `${own.text} 127.0.0.1` }, SITE, [here, upstream(2)])).toBe(
      `${said} /tmp/run`,
    );
  });

  it('writes IPv6 with brackets beside a port', () => {
    const six = [{ ...upstream(1), host: '::1' }];
    const text = '{{listen}} {{host}} {{worker-1}} {{worker-1.host}} {{workers:%address %host}} 10.0.0.7:80';
    const own = { file: 'my.conf', text, map: { '10.0.0.7:80': 'worker-1' } };
    expect(fillIn(own, { ...SITE, host: '::1' }, six)).toBe(
      '[::1]:40001 ::1 [::1]:9001 ::1 [::1]:9001 ::1 [::1]:9001',
    );
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

describe('a config of a service, in a run', () => {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => ` ${name}_temp_path /tmp/run/${name}_temp;`)
    .join('');

  it.each([
    [
      'its own process file',
      'user x;\ndaemon on;\npid /run/nginx.pid;\n',
      'user x;\n\npid /tmp/run/nginx.pid;\n',
    ],
    ['all on one line', 'daemon off; pid /run/a b;', ' pid /tmp/run/nginx.pid;'],
    ['no process file', '# pid x;\nuser x;\n', 'pid /tmp/run/nginx.pid; # pid x;\nuser x;\n'],
  ])('of nginx with %s writes nothing of the system’s', (_what, head, expected) => {
    const events = 'events {}\nhttp {\n}\n';
    const text = nginx.adapt!(`${head}${events}`, SITE);
    expect(text).toBe(`${expected}events {}\nhttp {${folders}\n}\n`);
  });

  it('of nginx keeps the temporary folders that it names, and text that is no main config', () => {
    const text = nginx.adapt!('events {}\nhttp {\n  proxy_temp_path /mine;\n}\n', SITE);
    expect(text.match(/proxy_temp_path/g)).toHaveLength(1);
    expect(nginx.adapt!('what is this', SITE)).toBe('what is this');
  });

  it('of HAProxy has comments for what only a service may do', () => {
    const text = [
      'global',
      '  user haproxy',
      '  stats socket /run/haproxy/admin.sock mode 660',
      '  stats socket /tmp/run/mine.sock',
      '  stats timeout 30s',
      '  log /dev/log local0',
      '  log 127.0.0.1:514 local0',
      '  chroot /var/lib/haproxy',
      '  daemon',
      '  maxconn 100',
      'defaults',
      '  log global',
      'listen a',
      '  user none',
    ];
    const changed = [1, 2, 5, 7, 8];
    const expected = text.map((line, index) => (changed.includes(index) ? `# ${line}` : line));
    expect(haproxy.adapt!(text.join('\n'), SITE)).toBe(expected.join('\n'));
  });

  it.each([
    [':80 {\n}\n', '{\n\tadmin 127.0.0.1:40002\n}\n:80 {\n}\n'],
    ['{$SITE} {\n}\n', '{\n\tadmin 127.0.0.1:40002\n}\n{$SITE} {\n}\n'],
    ['# mine\n{ # all\n  debug\n}\n', '# mine\n{ # all\n\tadmin 127.0.0.1:40002\n  debug\n}\n'],
    [
      '{\n  servers {\n    admin\n  }\n}\n:80\nadmin x',
      '{\n\tadmin 127.0.0.1:40002\n  servers {\n    admin\n  }\n}\n:80\nadmin x',
    ],
    ['{\n  debug\n  admin off\n}\n', null],
    ['{ what is this', null],
    ['{"apps":{}}', '{"admin":{"listen":"127.0.0.1:40002"},"apps":{}}'],
    ['{"apps":{},"admin":{"disabled":true}}', null],
  ])('of Caddy has an admin API of its own: %j', (text, expected) => {
    expect(caddy.adapt!(text, SITE)).toBe(expected ?? text);
  });

  it.each([nginx, caddy, envoy])('of $title is not told of a drain, and says so', async (proxy) => {
    const state = stateOf({});
    const [first, ...others] = state.upstreams;
    const drained = { ...state, upstreams: [{ ...first!, drained: true }, ...others] };
    const { signal: ending } = new AbortController();
    const running = { site: SITE, pid: process.pid, file: `/tmp/run/own-${proxy.name}`, ending };
    await expect(proxy.follow(running, state, drained)).rejects.toThrow('runs a config of its own');
  });
});

/** A variant as a proxy's config: its addresses, and comments that nothing of a scenario can break out of. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { exportConfig } from '../../../src/scenarios/targets/export.js';
import { PROXIES } from '../../../src/scenarios/targets/proxies.js';
import { PROXY_NAMES } from '../../../src/scenarios/targets/target.js';

const HEAD = 'version: 1\nname: x\ntitle: x\nload: { stages: [{ rate: 1/s, for: 1m }] }\n';
const WORKERS = 'fleet: { workers: 2 }\n';

const variantOf = (text: string) => parseScenario(HEAD + text, 'x.yaml').variants[0]!;

const OPTIONS = { host: '127.0.0.1', port: 8080, addresses: {}, about: [] };

/** What is no comment. */
const codeOf = (text: string): string[] =>
  text.split(/\r\n|[\n\r\u2028\u2029]/).filter((line) => line !== '' && !/^\s*#/.test(line));

describe.each(PROXY_NAMES)('a config of %s', (name) => {
  const proxy = PROXIES[name];
  const exported = (text: string, options = {}) =>
    exportConfig(variantOf(text), { proxy, ...OPTIONS, ...options });

  it('has nothing but comments of what is said about it', () => {
    const evil = ['a title\nload_module /tmp/x.so;', 'b\r\nc', 'd\u2028e\u2029f', 'g\u0000h'];
    const plain = Object.values(exported(WORKERS).files)[0]!;
    const told = Object.values(exported(WORKERS, { about: evil }).files)[0]!;
    expect(codeOf(told)).toEqual(codeOf(plain));
    expect(told).toContain('# load_module /tmp/x.so;\n');
    expect(told).toContain('# g h\n');
  });

  it('has nothing but comments of names in its losses', () => {
    const route = String.raw`gateway: { routes: [{ path: /a, name: "a\nevil_word on;", concurrency: 3 }, { path: / }] }`;
    const pool = String.raw`gateway: { pools: { "p\nevil_word on;": { upstreams: [worker-1, worker-2] } } }`;
    // Indented, it is a text of YAML.
    const broken = name === 'envoy' ? /^evil_word/m : /^\s*evil_word/m;
    for (const section of [route, pool]) {
      const files = Object.values(exported(`${WORKERS}${section}\n`).files);
      for (const text of files) expect(text).not.toMatch(broken);
    }
  });

  it('takes IPv6, once in brackets', () => {
    const addresses = { 'worker-1': { host: 'fd00::1', port: 8081 } };
    const text = Object.values(exported(WORKERS, { host: '::1', addresses }).files).join('\n');
    expect(text).toMatch(name === 'envoy' ? /fd00::1/ : /\[fd00::1\]:8081/);
    expect(text).toContain('::1');
    expect(text).not.toContain('[[');
  });

  it('has the addresses that the scenario names, and those given before them', () => {
    const own = 'fleet: { upstreams: [127.0.0.1:3001, 127.0.0.1:3002] }\n';
    const addresses = { 'worker-2': { host: '10.0.0.7', port: 3003 } };
    const text = Object.values(exported(own, { addresses }).files).join('\n');
    expect(text).toMatch(/3001/);
    expect(text).toMatch(/10\.0\.0\.7[\s\S]*3003/);
    expect(text).not.toMatch(/3002|9001/);
  });
});

describe('a title', () => {
  it.each([String.raw`"a\nb"`, String.raw`"a\rb"`, String.raw`"a\u2028b"`, '>\n  folded\n'])(
    'is one line: %j',
    (title) => {
      const text = HEAD.replace('title: x', `title: ${title}`) + WORKERS;
      expect(() => parseScenario(text, 'x.yaml')).toThrow(/title/);
    },
  );
});

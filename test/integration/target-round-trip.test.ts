/** A config from production: read, run, changed, written again, and taken by the proxy that it was from. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Program } from '../../src/core/program.js';
import { Reaper } from '../../src/core/reaper.js';
import { findProgram, missingText } from '../../src/scenarios/targets/program.js';
import { PROXIES } from '../../src/scenarios/targets/proxies.js';
import { runCli } from '../support/cli.js';

const EXAMPLES = new URL('../../examples/', import.meta.url).pathname;
const WAIT_MS = 90_000;

const checked = async (name: 'nginx' | 'haproxy', file: string, folder: string): Promise<string> => {
  const proxy = PROXIES[name];
  const reaper = new Reaper();
  const site = {
    host: '127.0.0.1',
    port: 8080,
    adminPort: 0,
    folder,
    resolver: undefined,
    purpose: 'export',
  } as const;
  const args = proxy.checkArgs(file, site);
  const checking = new Program({ name, command: findProgram(proxy)!, args, reaper });
  const code = await checking.exited;
  await reaper.stop();
  return code === 0 ? 'taken' : checking.lastWords;
};

describe.each([
  ['nginx', 'shop.nginx.conf'],
  ['haproxy', 'shop.haproxy.cfg'],
] as const)('a config of %s', (name, example) => {
  const isHere = findProgram(PROXIES[name]) !== null;

  it.skipIf(!isHere)(
    isHere ? 'goes through import, run, change and export, and is taken' : missingText(PROXIES[name]),
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'badgateway-test-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const scenario = join(folder, 'my-shop.yaml');
      const result = join(folder, 'result.json');
      const config = join(folder, `shop.${name}`);

      const read = await runCli([
        'import',
        join(EXAMPLES, example),
        '--scenario',
        'my-shop',
        '--out',
        scenario,
      ]);
      expect(read.code).toBe(0);
      // Every line of the file that is no comment and no brace has its fate.
      const lines = readFileSync(join(EXAMPLES, example), 'utf8').split('\n');
      for (const [index, line] of lines.entries()) {
        if (/^\s*(#.*|\}|)$/.test(line)) continue;
        expect(read.stderr).toContain(`${example}:${index + 1} `);
      }

      const ran = await runCli([
        'run',
        scenario,
        '--engine',
        'virtual',
        '--quiet',
        '--out',
        `json=${result}`,
      ]);
      expect([ran.code, ran.stderr]).toEqual([0, '']);

      // What the hanging worker asks for: less patience, and a limit.
      const changed = readFileSync(scenario, 'utf8')
        .replace(/^(\s+)connect: 1s$/m, '$1connect: 500ms')
        .replace(/^gateway:$/m, 'gateway:\n  globalConcurrency:\n    limit: 64\n    queue: 0');
      expect(changed).toContain('connect: 500ms');
      writeFileSync(scenario, changed);
      const again = await runCli([
        'run',
        scenario,
        '--engine',
        'virtual',
        '--quiet',
        '--out',
        `json=${result}`,
      ]);
      expect([again.code, again.stderr]).toEqual([0, '']);

      const exported = await runCli([
        ...['export', scenario, '--to', name, '--out', config],
        ...['--upstream', 'worker-1=127.0.0.1:8081', '--listen', '127.0.0.1:8080'],
      ]);
      expect([exported.code, exported.stdout]).toEqual([0, '']);
      const text = readFileSync(config, 'utf8');
      expect(text).toContain('127.0.0.1:8081');
      expect(text).toContain('It passed (in virtual time');
      expect(text).toMatch(/500ms/);
      expect(await checked(name, config, folder)).toBe('taken');
    },
    WAIT_MS,
  );
});

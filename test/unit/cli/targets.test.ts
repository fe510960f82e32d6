/** `--target`, `--config` and `--map`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseTargets, targetNames } from '../../../src/cli/targets.js';

const folder = mkdtempSync(join(tmpdir(), 'badgateway-targets-'));
const file = join(folder, 'my.conf');
writeFileSync(file, 'x');
afterAll(() => rmSync(folder, { recursive: true }));

describe('targets', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['nothing', {}, 'gateway'],
    ['one', { target: 'naive' }, 'naive'],
    ['several', { target: 'gateway,direct' }, 'gateway,direct'],
    ['several flags', { target: ['direct', 'naive,gateway'] }, 'direct,naive,gateway'],
  ])('of %s', async (_what, flags, expected) => {
    expect(targetNames((await chooseTargets(flags, 'real')).targets)).toBe(expected);
  });

  it('is the built-in gateway alone in virtual time', async () => {
    expect(targetNames((await chooseTargets({ target: 'gateway' }, 'virtual')).targets)).toBe('gateway');
    await expect(chooseTargets({ target: 'direct' }, 'virtual')).rejects.toThrow(
      /virtual knows the built-in/,
    );
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['an unknown name', { target: 'ngnix' }, /--target ngnix: there is no such target.*did you mean nginx/],
    ['a name twice', { target: 'naive,naive' }, /names naive twice/],
    ['an empty name', { target: 'naive,' }, /there is no such target/],
    ['a config of nobody', { config: file }, /--config is a config of one proxy/],
    [
      'a config of the built-in gateway',
      { config: file, target: 'gateway' },
      /--config is a config of one proxy/,
    ],
    ['a config of two', { config: file, target: 'nginx,haproxy' }, /--config is a config of one proxy/],
    ['a map without a config', { map: 'a=worker-1', target: 'nginx' }, /--map says what a config/],
    ['a map that is none', { map: 'worker-1', config: file, target: 'nginx' }, /--map takes TEXT=PLACE/],
  ])('are refused for %s', async (_what, flags, expected) => {
    await expect(chooseTargets(flags, 'real')).rejects.toThrow(expected);
  });
});

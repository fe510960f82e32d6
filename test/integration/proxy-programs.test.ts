/** Where the programs of proxies are looked for, and what is said of those that are none. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Reaper } from '../../src/core/reaper.js';
import { findProgram, lookForProxy } from '../../src/scenarios/targets/program.js';
import { PROXIES } from '../../src/scenarios/targets/proxies.js';

const { nginx } = PROXIES;
const folder = mkdtempSync(join(tmpdir(), 'badgateway-programs-'));
let reaper: Reaper;
beforeAll(() => {
  reaper = new Reaper();
});
afterAll(async () => {
  await reaper.stop();
  rmSync(folder, { recursive: true });
});

/** @param script what it does; `null`: it is a folder. */
const program = (name: string, script: string | null, mode = 0o755): string => {
  const path = join(folder, name);
  if (script === null) mkdirSync(path);
  else writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, mode);
  return path;
};

describe('a program that the environment names', () => {
  it('is taken when it tells its version', async () => {
    const path = program('good', 'echo "nginx version: nginx/1.99.3" >&2');
    const found = await lookForProxy(nginx, reaper, { BADGATEWAY_NGINX: path });
    expect(found).toMatchObject({ path, version: '1.99.3' });
  });

  it.each([
    ['a folder', () => program('nginx-folder', null)],
    ['no program', () => program('plain', 'true', 0o644)],
    ['nowhere', () => join(folder, 'nowhere')],
  ])('is not here when it is %s, and both are named', async (_what, make) => {
    const path = make();
    const environment = { BADGATEWAY_NGINX: path, PATH: process.env.PATH };
    expect(findProgram(nginx, environment)).toBeNull();
    const found = await lookForProxy(nginx, reaper, environment);
    expect(found).toEqual({ missing: expect.stringContaining(`BADGATEWAY_NGINX=${path}`) });
  });

  it.each([
    ['its words', 'echo "wrong program" >&2; exit 3', 'it said: wrong program'],
    ['its end', 'exit 3', 'it said: nothing, and ended with 3'],
  ])('is not here when it tells no version: %s are told', async (name, script, expected) => {
    const path = program(name.replace(' ', '-'), script);
    const found = await lookForProxy(nginx, reaper, { BADGATEWAY_NGINX: path });
    expect(found).toEqual({ missing: expect.stringContaining(expected) });
  });
});

/** `badgateway export`: what counts as a proof, and what is said beside the file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { exportCommand } from '../../../src/cli/export.js';
import type { Result } from '../../../src/scenarios/result.js';
import { result, variantResult } from '../../support/records.js';

const folder = mkdtempSync(join(tmpdir(), 'badgateway-export-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const SCENARIO = `
version: 1
name: small
title: A small one
fleet: { workers: 2 }
gateway: { healthCheck: { interval: 1s } }
load: { stages: [{ rate: 1/s, for: 5s }] }
variants:
  plain: {}
  hedge: { gateway: { hedge: {} } }
`;

const scenario = join(folder, 'small.yaml');
writeFileSync(scenario, SCENARIO);

/** @returns the file that was written, and what was said. */
const exported = async (flags: Record<string, unknown>): Promise<{ text: string; said: string }> => {
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  const out = join(folder, 'out.conf');
  expect(await exportCommand(scenario, { to: 'nginx', variant: 'plain', out, ...flags })).toBe(0);
  return { text: readFileSync(out, 'utf8'), said: said.join('') };
};

const kept = (document: Result): string => {
  const file = join(folder, 'result.json');
  writeFileSync(file, JSON.stringify(document));
  return file;
};

const at = (target: string | undefined, name = 'plain', fields = {}) =>
  variantResult({ name, ...(target !== undefined && { target }), ...fields });

const failed = { verdict: 'fail' as const, reasons: ['availability: too low'] };

const replicated = (passed: number): Result =>
  result([at(undefined)], {
    replications: {
      seeds: [1, 2, 3],
      verdicts: ['pass', 'pass', 'pass'],
      reasons: ['seed 2, plain: availability: too low', 'seed 3, plains: another'],
      variants: [{ name: 'plain', passed, metrics: [], thresholds: [] }],
      method: 'wilcoxon-signed-rank',
      confidence: 0.95,
      comparisons: [],
    },
  });

describe('a result as a proof', () => {
  it.each([
    ['the built-in gateway', result([at(undefined)]), 'gateway'],
    ['the proxy', result([at('nginx')]), 'nginx'],
    ['both', result([at(undefined, 'plain@gateway', failed), at('nginx', 'plain@nginx')]), 'nginx'],
    [
      'the gateway and another',
      result([at(undefined, 'plain@gateway'), at('caddy', 'plain@caddy')]),
      'gateway',
    ],
    ['several seeds', replicated(3), 'gateway, 3 seeds'],
  ])('is one of %s, and is said to be', async (_what, document, target) => {
    const { text } = await exported({ from: kept(document) });
    expect(text).toContain(`real engine, target ${target}, 2024-11-08T16:06:00.000Z):`);
  });

  it.each([
    [
      'nobody in between',
      result([at('direct')]),
      'has plain at direct alone, which says nothing of a config of nginx',
    ],
    [
      'others',
      result([at('naive', 'plain@naive'), at('caddy', 'plain@caddy')]),
      'has plain at naive, caddy alone',
    ],
    ['another variant', result([at('nginx', 'hedge')]), 'has no variant plain'],
    [
      'a failure at the proxy',
      result([at('nginx', 'plain@nginx', failed), at(undefined, 'plain@gateway')]),
      'plain did not pass',
    ],
    [
      'seeds that failed',
      replicated(2),
      'it passed with 2 of 3 seeds\n  seed 2, plain: availability: too low\na config',
    ],
  ])('is none of %s', async (_what, document, message) => {
    await expect(exported({ from: kept(document) })).rejects.toThrow(message);
  });
});

describe('what a proxy lacks', () => {
  it('is said beside the file', async () => {
    const { said } = await exported({ unproven: true });
    expect(said).toMatch(/^~ gateway\.healthCheck: nginx asks nobody by itself/m);
  });

  it('keeps a variant from being exported that is about it', async () => {
    const flags = { variant: 'hedge', from: kept(result([at(undefined, 'hedge')])) };
    await expect(exported(flags)).rejects.toThrow(/nginx lacks what hedge is about:\n {2}gateway\.hedge: /);
    const { said } = await exported({ ...flags, unproven: true });
    expect(said).toMatch(/^- gateway\.hedge: /m);
  });
});

describe('an address', () => {
  it('may be of IPv6, in brackets', async () => {
    const flags = { unproven: true, upstream: 'worker-1=[fd00::1]:8080', listen: '[::1]:8081' };
    const { text } = await exported(flags);
    expect(text).toContain('listen [::1]:8081');
    expect(text).toMatch(/server "?\[fd00::1\]:8080/);
  });
});

/** The page with the curves in a real browser: it renders, loads nothing, fits, and knows light and dark. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, scenarioFile } from '../support/cli.js';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const SCENARIO = `
version: 1
name: small
title: "A page with <b>markup</b> in its title"
fleet: { workers: 2, slots: 4, serviceTime: { mean: 20ms } }
clients: { patience: 1s }
load: { stages: [{ rate: 40/s, for: 3s }] }
timeline: [{ at: 1s, inject: event-loop-block, on: worker-2, for: 500ms }]
windows: { baseline: 0s..1s, outage: 1s..2s }
variants: { one: {}, two: { load: { scale: 0.5 } } }
`;

describe.skipIf(!existsSync(CHROMIUM))('the page with the curves (needs Chromium)', () => {
  let page: string;
  let browser: Awaited<ReturnType<typeof chromium.launch>>;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-sync',
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
  });

  it('shows charts for every variant, in light and in dark, wide and narrow, and asks for nothing', async () => {
    const file = scenarioFile(SCENARIO);
    page = file.replace('scenario.yaml', 'page.html');
    const run = await runCli(['run', file, '--quiet', '--out', `html=${page}`]);
    expect(run.code, run.stderr).not.toBe(1);
    const colours: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1200, 400]) {
        const tab = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
        const asked: string[] = [];
        const errors: string[] = [];
        tab.on('request', (request) => asked.push(request.url()));
        tab.on('pageerror', (error) => errors.push(error.message));
        await tab.goto(`file://${page}`);
        expect(await tab.locator('section').count()).toBe(2);
        expect(await tab.locator('section svg[role=img]').count()).toBe(6);
        expect(await tab.locator('h1').innerText()).toBe('A page with <b>markup</b> in its title');
        expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        expect(asked).toHaveLength(1);
        expect(errors).toEqual([]);
        colours.push(await tab.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
        await tab.close();
      }
    }
    expect(new Set(colours).size).toBe(2);
  });
});

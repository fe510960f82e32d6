/** `run --open`: the page that the command opens shows the run's curves while it goes on, and its verdict when it is over. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Result } from '../../src/scenarios/result.js';
import { scenarioFile, startCli } from '../support/cli.js';
import { hasBrowser, openBrowser } from '../support/html.js';

/** Processes that start beside a browser: on a busy machine that takes its time. */
const LONG_MS = 180_000;

const SMALL = `
version: 1
name: small
title: A small run to look at
fleet: { workers: 2, slots: 4, serviceTime: { mean: 20ms } }
load: { stages: [{ rate: 40/s, for: 15s }] }
timeline: [{ at: 3s, inject: slow, on: worker-1, factor: 3, for: 2s }]
windows: { baseline: 0s..2s }
variants: { one: {} }
thresholds: { one: ["availability[baseline] > 50%"] }
`;

/** Stands in the place of the program that opens a page: writes down what it is given, whole. */
const OPENER = `#!/bin/sh
printf %s "$1" > "$OPENED.part" && mv "$OPENED.part" "$OPENED"
`;

const makeOpener = () => {
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-open-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['xdg-open', 'open']) {
    writeFileSync(join(folder, name), OPENER);
    chmodSync(join(folder, name), 0o755);
  }
  const file = join(folder, 'opened');
  const opened = new Promise<string>((resolve) => {
    const look = (): void => {
      if (existsSync(file)) resolve(readFileSync(file, 'utf8'));
    };
    const watcher = watch(folder, look);
    onTestFinished(() => watcher.close());
    look();
  });
  return { opened, env: { PATH: `${folder}${delimiter}${process.env.PATH}`, OPENED: file } };
};

describe.skipIf(!hasBrowser)('run --open (needs Chromium)', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it(
    'opens a page with the curves of the run, which becomes its report, and ends by itself',
    async () => {
      const { opened, env } = makeOpener();
      const file = scenarioFile(SMALL);
      const out = file.replace('scenario.yaml', 'result');
      const tab = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      onTestFinished(() => tab.close());
      tab.setDefaultTimeout(LONG_MS / 2);
      const errors: string[] = [];
      tab.on('pageerror', (error) => errors.push(error.message));
      tab.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      const args = ['run', file, '--open', '--out', `json=${out}.json`, '--out', `html=${out}.html`];
      const command = startCli(args, env);

      const address = await opened;
      expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
      await tab.goto(address);
      await tab.getByText(/[1-9]\d*\/s good/).waitFor();
      expect(await tab.locator('.lab-charts figure canvas, .lab-charts figure svg').count()).toBeGreaterThan(
        0,
      );
      await tab.locator('.lab-events').getByText('slow injected into worker-1').waitFor();

      await tab.getByRole('heading', { level: 1, name: 'A small run to look at' }).waitFor();
      await tab.locator('#summary').waitFor();
      const { code } = await command.finished;
      const { verdict } = JSON.parse(readFileSync(`${out}.json`, 'utf8')) as Result;
      // A machine that does other things spoils a run, and the page says so too.
      expect({ pass: 0, inconclusive: 98 }[verdict as string]).toBe(code);
      await tab.getByText(verdict.toUpperCase()).first().waitFor();
      expect(await tab.getByText('no news').count()).toBe(0);
      expect(errors).toEqual([]);
    },
    LONG_MS,
  );
});

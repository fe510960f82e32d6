/**
 * The report in a real browser, opened from a file: it loads nothing, can be read and used by everybody, and leads to why
 * each request failed.
 */
import { readFileSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { MAX_PAGE_BYTES, renderHtml } from '../../src/web/report.js';
import { AXE } from '../support/axe.js';
import { runCli, scenarioFile } from '../support/cli.js';
import { HOSTILE, hostileResult } from '../support/hostile-result.js';
import { hasBrowser, htmlProblems, LOOKS, type Look, openBrowser } from '../support/html.js';
import { pageFile } from '../support/page-file.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const SMALL = `
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

/** A scenario's page, run in virtual time where nothing else is said. */
const pageOf = async (
  scenario: string,
  args: readonly string[] = ['--engine', 'virtual'],
): Promise<string> => {
  const page = scenarioFile('').replace('scenario.yaml', 'page.html');
  const run = await runCli(['run', scenario, '--quiet', ...args, '--out', `html=${page}`]);
  expect(run.code, run.stderr).not.toBe(1);
  return page;
};

interface Opened {
  readonly tab: Page;
  readonly asked: string[];
  readonly errors: string[];
}

const WIDE: Look = { colorScheme: 'light', width: 1200 };

describe.skipIf(!hasBrowser)('the report (needs Chromium)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const open = async (page: string, { colorScheme, width }: Look = WIDE, hash = ''): Promise<Opened> => {
    const context = await browser.newContext({
      ...{ bypassCSP: true, colorScheme, viewport: { width, height: 900 } },
      reducedMotion: 'reduce',
    });
    onTestFinished(() => context.close());
    const tab = await context.newPage();
    const [asked, errors]: [string[], string[]] = [[], []];
    tab.on('request', (request) => asked.push(request.url()));
    tab.on('pageerror', (error) => errors.push(error.message));
    tab.on('console', (message) => errors.push(message.text()));
    await tab.goto(`${pathToFileURL(page).href}${hash}`);
    await tab.waitForSelector('main.report nav');
    return { tab, asked, errors };
  };

  const axe = async (tab: Page): Promise<string[]> => {
    await tab.evaluate(AXE);
    return await tab.evaluate<string[]>(`axe.run().then(({ violations }) =>
      violations.map(({ id, impact, nodes }) => [impact, id, nodes[0].html, nodes[0].failureSummary].join(' ')))`);
  };

  it('of a real run shows every variant in light and dark, wide and narrow, and asks for nothing', async () => {
    const page = await pageOf(scenarioFile(SMALL), []);
    expect(await htmlProblems(readFileSync(page, 'utf8'))).toEqual([]);
    const colours = new Set<string>();
    for (const look of LOOKS) {
      const { tab, asked, errors } = await open(page, look);
      expect(await tab.locator('section.variant').count()).toBe(2);
      expect(await tab.locator('#curves canvas').count()).toBeGreaterThanOrEqual(8);
      expect(await tab.locator('h1').innerText()).toBe('A page with <b>markup</b> in its title');
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(look.width);
      expect(await axe(tab)).toEqual([]);
      expect(asked).toHaveLength(1);
      expect(errors).toEqual([]);
      colours.add(await tab.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
    }
    expect(colours.size).toBe(2);
  });

  it('of a bundled scenario tells why each sampled request failed, and can be linked to', async () => {
    const page = await pageOf('chatgpt-2024-11-08');
    expect(statSync(page).size).toBeLessThan(MAX_PAGE_BYTES);
    expect(await htmlProblems(readFileSync(page, 'utf8'))).toEqual([]);
    const { tab } = await open(page);
    const links = tab.locator('#requests table a');
    await links.nth(5).click();
    const ray = await links.nth(5).innerText();
    expect(await tab.locator('.request h3').innerText()).toBe(ray);
    expect(await tab.locator('.request').innerText()).toMatch(
      /version 2 of the config[\s\S]*the client gets 50\d/,
    );
    expect(await tab.locator('.request').innerText()).toMatch(
      /Proxy-Status[\s\S]*Envoy[\s\S]*HAProxy[\s\S]*nginx/,
    );
    expect(await axe(tab)).toEqual([]);
    const linked = await open(page, WIDE, `#request-${ray}`);
    expect(await linked.tab.locator('.request h3').innerText()).toBe(ray);
    expect(await linked.tab.locator('.request').isVisible()).toBe(true);
    const variant = await open(page, WIDE, '#variant-canary');
    const top = await variant.tab
      .locator('#variant-canary')
      .evaluate((one) => one.getBoundingClientRect().top);
    expect(Math.abs(top)).toBeLessThan(200);
    expect(linked.errors).toEqual([]);
  });

  it('is used by keyboard alone: one slider moves the cursor of all charts, and focus is seen', async () => {
    const page = await pageOf(scenarioFile(SMALL));
    const { tab } = await open(page);
    const focusable = await tab
      .locator('a:visible, button:visible, input:visible, select:visible, summary:visible')
      .count();
    const reached = new Set<string>();
    for (let presses = 0; presses < focusable + 30; presses++) {
      await tab.keyboard.press('Tab');
      const [path, outline] = await tab.evaluate<[string, string]>(`(() => {
        const one = document.activeElement;
        const all = [...document.querySelectorAll('a, button, input, select, summary')];
        return [String(all.indexOf(one)), getComputedStyle(one).outlineStyle];
      })()`);
      if (path === '-1') continue;
      expect(outline).not.toBe('none');
      reached.add(path);
    }
    expect(reached.size).toBe(focusable);
    await tab.locator('.moment input').focus();
    for (let presses = 0; presses < 6; presses++) await tab.keyboard.press('ArrowRight');
    await tab.waitForFunction("document.querySelector('.moment output').textContent === '1.50 s'");
    await tab.waitForFunction(
      "[...document.querySelectorAll('.chart .legend b')].every(({ textContent }) => textContent !== '')",
    );
    const lefts = await tab.evaluate<string[]>(
      "[...document.querySelectorAll('.u-cursor-x')].map(({ style }) => style.transform)",
    );
    expect(new Set(lefts).size).toBe(1);
  });

  it('chooses variants and measures, and has every curve as a table', async () => {
    const page = await pageOf(scenarioFile(SMALL));
    const { tab } = await open(page);
    const canvases = tab.locator('#curves canvas');
    const before = await canvases.count();
    expect(before).toBeGreaterThan(2);
    await tab.getByLabel('two', { exact: true }).uncheck();
    await expect.poll(() => canvases.count()).toBe(before / 2);
    await tab.getByLabel('latency', { exact: true }).uncheck();
    await expect.poll(() => canvases.count()).toBe(before / 2 - 1);
    const table = tab.locator('#curves details.values').first();
    await table.locator('summary').click();
    await expect.poll(() => table.locator('tbody tr').count()).toBe(12);
  });

  it('takes no text for markup, and shows what is seldom', async () => {
    const page = pageFile(renderHtml(hostileResult()));
    // The checker counts an escaped letter as five.
    const problems = await htmlProblems(readFileSync(page, 'utf8'));
    expect(problems.filter((one) => !one.includes('long-title'))).toEqual([]);
    const { tab, asked, errors } = await open(page);
    expect(errors).toEqual([]);
    expect(asked).toHaveLength(1);
    expect(await tab.title()).not.toBe('owned');
    expect(await tab.locator('h1').innerText()).toBe(HOSTILE);
    expect(await tab.locator('img').count()).toBe(0);
    const text = await tab.locator('main').innerText();
    for (const part of ['INCONCLUSIVE', 'interrupted', 'fast rollback', 'not run', 'gateway.queue', 'nginx'])
      expect(text).toContain(part);
    for (const heading of ['Users', 'Floods', 'Your upstreams', 'Alerts', 'Whether the machine kept up'])
      expect(text).toContain(heading);
    expect(text).toContain('✗ fails');
    expect(text).toContain('– skipped');
    expect(text).toContain(`connect() failed ${HOSTILE}`);
    expect(await axe(tab)).toEqual([]);
  });

  it('says the verdict, the summary and the story to whoever runs no scripts', async () => {
    const page = await pageOf(scenarioFile(SMALL));
    const context = await browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const tab = await context.newPage();
    await tab.goto(pathToFileURL(page).href);
    const text = await tab.locator('main').innerText();
    expect(text).toMatch(/PASS|FAIL|INCONCLUSIVE/);
    expect(text).toContain('availability, outage');
    expect(text).toContain('fault event-loop-block is injected into worker-2');
  });

  it('is light on paper, without controls, also where the screen is dark', async () => {
    const page = await pageOf(scenarioFile(SMALL));
    const { tab } = await open(page, { colorScheme: 'dark', width: 1200 });
    await tab.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await tab.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await tab.locator('.moment').isVisible()).toBe(false);
    expect(await tab.locator('#curves canvas').first().isVisible()).toBe(true);
    expect((await tab.pdf({ format: 'A4' })).length).toBeGreaterThan(10_000);
  });
});

/** The error page and the status page in a real browser: axe finds nothing, nothing is loaded, and they fit, wide and narrow. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { StatusServer } from '../../src/scenarios/status-page/server.js';
import { renderSweepPage } from '../../src/web/sweep-page.js';
import { look } from '../support/axe.js';
import { deadPort } from '../support/faulty-server.js';
import { startGateway } from '../support/gateway.js';
import { hasBrowser, LOOKS, openBrowser } from '../support/html.js';
import { gateway, ToldBoard } from '../support/status-page.js';
import { GRID, swept } from '../support/sweeps.js';

describe.skipIf(!hasBrowser)('the pages that users get (need Chromium)', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** In every look; a favicon is the browser's own idea. */
  const expectGood = async (address: string): Promise<void> => {
    for (const one of LOOKS) {
      const seen = await look(browser, address, one);
      expect(seen.violations, JSON.stringify(one)).toEqual([]);
      expect(seen.errors).toEqual([]);
      expect(seen.asked.filter((url) => !url.endsWith('/favicon.ico'))).toEqual([address]);
      expect(seen.overflowPx, JSON.stringify(one)).toBeLessThanOrEqual(0);
    }
  };

  it('the error page, with everything on it, and with nothing', { timeout: 120_000 }, async () => {
    const errorPage = { statusPage: 'http://127.0.0.1:9' };
    const full = await startGateway([await deadPort()], { healthCheck: 'off', location: 'FRA', errorPage });
    await expectGood(`http://127.0.0.1:${full.port}/`);
    const bare = await startGateway([await deadPort()], {
      healthCheck: 'off',
      errorPage: { clientAddress: 'hidden' },
    });
    await expectGood(`http://127.0.0.1:${bare.port}/`);
    const behind = await startGateway([await deadPort()], {
      healthCheck: 'off',
      listener: { trustedEdges: ['127.0.0.1'] },
    });
    const edge = await startGateway([behind.port], { healthCheck: 'off' });
    await expectGood(`http://127.0.0.1:${edge.port}/`);
  });

  const serve = async (): Promise<{ told: ToldBoard; address: string }> => {
    const told = new ToldBoard('Shop');
    const server = new StatusServer(told.board, { ...wallClock, nowMs: () => told.nowMs }, 'Shop');
    const port = await server.listen('127.0.0.1', 0);
    onTestFinished(() => server.close());
    return { told, address: `http://127.0.0.1:${port}` };
  };

  it('the status page, before, in and after an outage, and when nobody knows', {
    timeout: 180_000,
  }, async () => {
    const { told, address } = await serve();
    const page = `${address}/?refresh=off`;
    const broken = [gateway('major_outage', 'is not running')];
    told.tell({ seconds: 5 }).tell({ seconds: 5, failedRatio: 1, components: broken, identified: 'x' });
    told.board.report({ rayId: '0123456789abcdef', note: 'a long note '.repeat(20), atMs: told.nowMs });
    told.tell({ seconds: 30 }).tell({ seconds: 4, failedRatio: 0.3, components: broken });
    await expectGood(page);
    // The longest words that a component can have.
    told.tell({ seconds: 1, components: [gateway('degraded_performance', 'one of its processes is gone')] });
    told.nowMs += 10_000;
    await expectGood(page);
    await expectGood(`${address}/report`);
  });

  it('the page of a sweep', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'badgateway-sweep-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'map.html');
    await writeFile(file, renderSweepPage(swept(GRID)));
    await expectGood(pathToFileURL(file).href);
  });

  it('reports an error from its page to the status page, by keyboard alone', async () => {
    const { told, address } = await serve();
    told.tell({ seconds: 3 });
    const { port } = await startGateway([await deadPort()], {
      healthCheck: 'off',
      errorPage: { statusPage: address },
    });
    const tab = await browser.newPage();
    onTestFinished(() => tab.close());
    const refused: string[] = [];
    tab.on('console', (message) => refused.push(message.text()));
    await tab.goto(`http://127.0.0.1:${port}/`);
    await tab.keyboard.press('Tab');
    await tab.keyboard.press('Tab');
    await tab.keyboard.type('I wanted <b>to pay</b>');
    await Promise.all([tab.waitForURL(`${address}/report`), tab.keyboard.press('Enter')]);
    expect(await tab.locator('h1').innerText()).toBe('Thank you');
    expect(told.view.unassignedReports).toBe(1);
    // The gateway's own status is the page's, and the policy lets the form through.
    expect(refused.filter((text) => /Content Security Policy/.test(text))).toEqual([]);
  });
});

/** The page of the lab in a real browser, fed by a made-up stream: what it shows, what it sends, and what it says. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AtWork } from '../../src/scenarios/live/feed.js';
import type { Result } from '../../src/scenarios/result.js';
import { ACTIONS } from '../../src/scenarios/timeline/timeline.js';
import { TABS } from '../../src/web/app/lab/tabs.js';
import { packReport } from '../../src/web/report.js';
import { look } from '../support/axe.js';
import { runCli, scenarioFile } from '../support/cli.js';
import { FakeLab, fakeBegin, fakeTick } from '../support/fake-lab.js';
import { hasBrowser, htmlProblems, LOOKS, openBrowser } from '../support/html.js';

const SMALL = `
version: 1
name: small
title: A small run
fleet: { workers: 2, slots: 4, serviceTime: { mean: 20ms } }
load: { stages: [{ rate: 40/s, for: 3s }] }
windows: { baseline: 0s..1s }
variants: { one: {} }
`;

/** The tabs as everybody sees them, and as they are hardest to get right. */
const TAB_LOOKS = TABS.flatMap((name) =>
  [{ colorScheme: 'light', width: 1200 } as const, { colorScheme: 'dark', width: 360 } as const].map(
    (how) => ({ name, ...how }),
  ),
);

const CONFIG = { balancer: 'round-robin', healthCheck: { interval: '1s' } };

const AT_WORK: readonly AtWork[] = [
  {
    ...{ kind: 'link', what: 'latency', on: ['worker-1', 'worker-3'], how: ' (latency 500)' },
    ...{ sinceS: 9, untilS: 29 },
    heal: {
      method: 'POST',
      path: 'timeline',
      body: { 'remove-toxic': 'latency', on: ['worker-1', 'worker-3'] },
    },
  },
  {
    ...{ kind: 'certificate', what: 'certificate expired', on: ['gateway-1'], how: '' },
    ...{ sinceS: 10, untilS: null, heal: null },
  },
  {
    ...{ kind: 'lock', what: 'config locked', on: ['gateway'], how: ': freeze', sinceS: 10, untilS: null },
    heal: { method: 'DELETE', path: 'gateway/config/lock', body: {} },
  },
];

/** Every weight of finding that keeps somebody from using the page. */
const SERIOUS = /^(serious|critical) /;

describe.skipIf(!hasBrowser)('the page of the lab (needs Chromium)', () => {
  let browser: Browser;
  let lab: FakeLab;
  let address: string;
  let tab: Page;
  let errors: string[];

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach(async () => {
    lab = new FakeLab();
    address = await lab.start();
    tab = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    errors = [];
    tab.on('pageerror', (error) => errors.push(error.message));
    tab.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
  });
  afterEach(async () => {
    await tab.close();
    await lab.stop();
  });

  const begin = async (): Promise<void> => {
    lab.tell(fakeBegin());
    for (let at = 0; at < 40; at += 1) lab.tell(fakeTick(at));
    await tab.goto(address);
    await tab.waitForSelector('.lab-worker');
  };

  it('shows who there is, what flows and what has happened, to whoever comes late too', async () => {
    lab.tell(fakeBegin());
    for (let at = 0; at < 40; at += 1) lab.tell(fakeTick(at, { leaking: at }));
    lab.happened({
      t: 3,
      eventType: 'worker.exited',
      text: 'worker-2 died: SIGABRT',
      fields: { worker: 'worker-2' },
    });
    await tab.goto(address);
    await tab.getByRole('button', { name: /worker-2.*down/ }).waitFor();
    expect(await tab.locator('.lab-worker').count()).toBe(4);
    expect(await tab.locator('.lab-events').innerText()).toContain('worker-2 died: SIGABRT');
    expect(await tab.locator('.lab-figures').innerText()).toMatch(/Failing\s+502 \d/);
    expect(await tab.locator('.lab-charts figure').count()).toBe(6);
    lab.tell(fakeTick(41));
    await tab.getByRole('button', { name: /worker-2.*up/ }).waitFor();
    expect(errors).toEqual([]);
  });

  it('sends what a form says, shows it as a command and an entry, and says what came of it', async () => {
    await begin();
    await tab.getByRole('button', { name: /^worker-3/ }).click();
    await tab.getByLabel('Fault', { exact: true }).selectOption('slow');
    await tab.getByLabel('factor').fill('20');
    await tab.getByLabel('for', { exact: true }).fill('5s');
    const shown = tab.getByRole('region', { name: 'The same by hand' });
    expect(await shown.innerText()).toContain(`'{"inject":"slow","on":"worker-3","factor":20,"for":"5s"}'`);
    expect(await shown.innerText()).toContain('inject: slow, on: worker-3, factor: 20, for: 5s }');
    await tab.getByRole('button', { name: 'Inject' }).click();
    await tab.getByText('✓ slow on worker-3').waitFor();
    expect(lab.orders).toEqual([
      { method: 'POST', path: 'timeline', body: { inject: 'slow', on: 'worker-3', factor: 20, for: '5s' } },
    ]);
    expect(errors).toEqual([]);
  });

  it('says beside the control what the server refuses, in its words', async () => {
    await begin();
    lab.refusal = 'perSecond: expected a size such as 512KiB or 64MiB';
    await tab.getByLabel('perSecond').fill('a lot');
    await tab.getByRole('button', { name: 'Inject' }).click();
    await tab.getByText('✗ perSecond: expected a size such as 512KiB or 64MiB').waitFor();
  });

  it('switches policies, with the whole config and one key otherwise', async () => {
    await begin();
    await tab.getByRole('tab', { name: 'Policies' }).click();
    const retries = tab.getByRole('checkbox', { name: /Retries/ });
    expect(await retries.isChecked()).toBe(false);
    await retries.click();
    await tab.getByText('attempts 3').waitFor();
    expect(lab.config).toEqual({
      balancer: 'round-robin',
      healthCheck: { interval: '1s' },
      retry: { attempts: 3 },
    });
    await tab.getByLabel('Balancer').selectOption('least-requests');
    await tab.getByText('version 3').waitFor();
    expect(lab.config.balancer).toBe('least-requests');
  });

  it('shows what is at work, whatever it is, and ends it', async () => {
    await begin();
    lab.tell(fakeTick(41, { atWork: AT_WORK }));
    const list = tab.getByRole('region', { name: 'At work now' });
    await list
      .getByText('latency (latency 500) on the links of worker-1, worker-3 since 9 s, until 29 s')
      .waitFor();
    await tab.getByRole('button', { name: /^worker-3.*link: latency/ }).waitFor();
    await tab.getByRole('button', { name: /^gateway.*certificate expired/ }).waitFor();
    await list.getByRole('button', { name: 'Heal: latency on the links of worker-1, worker-3' }).click();
    await list.getByRole('button', { name: 'Unlock: config locked on gateway' }).click();
    await list.getByText('✓ config locked on gateway is ended').waitFor();
    expect(lab.orders).toEqual([
      { method: 'POST', path: 'timeline', body: { 'remove-toxic': 'latency', on: ['worker-1', 'worker-3'] } },
      { method: 'DELETE', path: 'gateway/config/lock', body: {} },
    ]);
    lab.tell(fakeTick(42));
    await list.getByText('Nothing is disturbed.').waitFor();
    expect(errors).toEqual([]);
  });

  it('disturbs names and gateways too, and says what it cannot and why', async () => {
    await begin();
    await tab.getByLabel('On', { exact: true }).selectOption('name of worker-2');
    await tab.getByLabel('Fault', { exact: true }).selectOption('servfail');
    await tab.getByRole('button', { name: 'Break the name' }).click();
    await tab.getByText('✓ servfail on name of worker-2').waitFor();
    await tab.getByRole('button', { name: 'Heal', exact: true }).click();
    await tab.getByText('✓ servfail of name of worker-2 healed').waitFor();
    await tab.getByRole('button', { name: /^gateway/ }).click();
    await tab.getByRole('button', { name: 'Do it' }).click();
    await tab.getByText('✓ kill on gateway-1').waitFor();
    expect(lab.orders.map(({ body }) => body)).toEqual([
      { dns: 'servfail', on: 'worker-2' },
      { dns: 'heal', on: 'worker-2' },
      { disrupt: 'kill', on: 'gateway-1', for: '3s' },
    ]);
    await tab.getByText('What cannot be disturbed here').click();
    await tab.getByText(/Links to workers: there are no links.*links: \{\}/).waitFor();
  });

  it('does whatever a timeline can, by forms that the server’s answer makes', async () => {
    await begin();
    await tab.getByRole('tab', { name: 'Timeline' }).click();
    const action = tab.getByLabel('Action');
    expect(await action.locator('option').count()).toBe(ACTIONS.length);
    await action.selectOption('update-clients');
    await tab.getByLabel('patience').fill('800ms');
    await tab.getByLabel('for', { exact: true }).fill('10s');
    await tab.getByRole('button', { name: 'Do it' }).click();
    await tab.getByText('✓ update-clients: patience 800ms').waitFor();
    await action.selectOption('push-config');
    await tab.getByLabel('push-config').fill('{ "retry": { "attempts": 2 } }');
    await tab.getByLabel('to', { exact: true }).selectOption('gateway');
    await tab.getByRole('button', { name: 'Do it' }).click();
    await tab.getByText('✓ push-config: retry (attempts 2)').waitFor();
    expect(lab.orders.map(({ body }) => body)).toEqual([
      { 'update-clients': { patience: '800ms' }, for: '10s' },
      { 'push-config': { retry: { attempts: 2 } }, to: 'gateway' },
    ]);
    await action.selectOption('toxic');
    await tab.getByText('Not here: there are no links').waitFor();
    expect(errors).toEqual([]);
  });

  it('deploys, floods, and pushes what no policy of the list is', async () => {
    await begin();
    await tab.getByRole('tab', { name: 'Fleet' }).click();
    await tab.getByRole('button', { name: 'Deploy', exact: true }).click();
    await tab.getByText('✓ deploy: version 2, strategy rolling').waitFor();
    await tab.getByRole('tab', { name: 'Clients' }).click();
    await tab.getByText('A flood of hostile clients').click();
    await tab.getByLabel('rate', { exact: true }).fill('100/s');
    await tab.getByRole('button', { name: 'Begin the flood' }).click();
    await tab.getByText(/✓ flood: /).waitFor();
    await tab.getByRole('tab', { name: 'Policies' }).click();
    await tab.getByText('Changes go out').click();
    await tab.getByLabel('smokeTest').fill('[{ "path": "/" }]');
    await tab.getByText('after a smoke test').waitFor();
    await tab.getByText('Everything else of the gateway’s section').click();
    await tab.getByLabel('statusDialect').selectOption('nginx');
    await tab.getByRole('button', { name: 'Apply them' }).click();
    await tab.getByText('version 2').waitFor();
    await tab.getByRole('button', { name: 'Lock', exact: true }).click();
    await tab.getByText('✓ gateway config locked').waitFor();
    expect(lab.orders.map(({ path, body }) => [path, body])).toEqual([
      ['timeline', { deploy: { version: 2, strategy: 'rolling' } }],
      ['timeline', { flood: { for: '10s', rate: '100/s' } }],
      [
        'gateway/config',
        expect.objectContaining({
          config: { ...CONFIG, statusDialect: 'nginx' },
          smokeTest: [{ path: '/' }],
        }),
      ],
      ['gateway/config/lock', { by: 'lab', reason: 'by hand in the lab' }],
    ]);
    expect(errors).toEqual([]);
  });

  it('shows whoever has to give a token where it goes, and never the token', async () => {
    lab.isGuarded = true;
    await begin();
    const shown = tab.getByRole('region', { name: 'The same by hand' });
    await shown.getByText('-H "Authorization: Bearer $BADGATEWAY_TOKEN"').waitFor();
  });

  it('injects a leak by keyboard alone', async () => {
    await begin();
    const pressUntil = async (key: string, isThere: () => Promise<boolean>): Promise<void> => {
      for (let presses = 0; presses < 60; presses += 1) {
        if (await isThere()) return;
        await tab.keyboard.press(key);
      }
      throw new Error(`not reached with ${key}`);
    };
    const focused = (): Promise<string> => tab.evaluate('document.activeElement?.textContent ?? ""');
    await pressUntil('Tab', async () => (await focused()).startsWith('worker-2'));
    expect(await tab.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await tab.keyboard.press('Enter');
    await pressUntil('Tab', async () => (await focused()) === 'Inject');
    await tab.keyboard.press('Enter');
    await tab.getByText('✓ leak on worker-2').waitFor();
    expect(lab.orders[0]?.body).toEqual({ inject: 'leak', on: 'worker-2', perSecond: '8MiB' });
  });

  it('says since when there is no news, and goes on when there is', async () => {
    await begin();
    await tab.getByText('● live').waitFor();
    lab.breakOff();
    await tab.getByText(/no news since .*trying again/).waitFor();
    await tab.getByText('● live').waitFor();
    lab.tell(fakeTick(41, { leaking: 30 }));
    await tab.getByRole('button', { name: /worker-2.*down/ }).waitFor();
  });

  it('says that nothing runs, and why', async () => {
    lab.tell(fakeBegin(), {
      type: 'end',
      result: null,
      report: null,
      reason: 'port 80 is taken',
      final: false,
    });
    await tab.goto(address);
    await tab.getByText('port 80 is taken').waitFor();
    await tab.getByRole('button', { name: 'Start the lab' }).click();
    await tab.getByText('✓ the lab begins').waitFor();
    expect(lab.orders).toEqual([{ method: 'POST', path: 'lab', body: {} }]);
  });

  it('has the report when the run is over for good, and needs nobody any more', async () => {
    const file = scenarioFile(SMALL);
    const out = file.replace('scenario.yaml', 'result.json');
    await runCli(['run', file, '--engine', 'virtual', '--quiet', '--out', `json=${out}`]);
    const result = JSON.parse(readFileSync(out, 'utf8')) as Result;
    lab.tell(fakeBegin({ mode: 'run', durationS: 3 }), fakeTick(1));
    await tab.goto(address);
    await tab.waitForSelector('.lab-worker');
    lab.tell({ type: 'end', result, report: packReport(result), reason: null, final: true });
    await tab.getByRole('heading', { level: 1, name: 'A small run' }).waitFor();
    lab.breakOff();
    await tab.locator('#summary').waitFor();
    expect(await tab.getByText('no news').count()).toBe(0);
    expect(await tab.getByRole('button', { name: 'Back to the lab' }).count()).toBe(0);
    expect(errors).toEqual([]);
  });

  it.each(LOOKS)('can be used by everybody in $colorScheme at $width px', async (how) => {
    lab.tell(fakeBegin());
    for (let at = 0; at < 40; at += 1) lab.tell(fakeTick(at, { leaking: at }));
    lab.happened({ t: 3, eventType: 'worker.exited', text: 'worker-2 died: SIGABRT', fields: {} });
    const seen = await look(browser, address, how);
    expect(seen.violations.filter((line) => SERIOUS.test(line))).toEqual([]);
    expect(seen.errors).toEqual([]);
    expect(seen.overflowPx).toBeLessThanOrEqual(0);
    expect(seen.asked.every((asked) => asked.startsWith(address))).toBe(true);
  });

  it.each(TAB_LOOKS)(
    'can be used by everybody with $name open and everything unfolded, in $colorScheme at $width px',
    async ({ name, ...how }) => {
      lab.tell(fakeBegin());
      for (let at = 0; at < 40; at += 1) lab.tell(fakeTick(at, { leaking: at, atWork: AT_WORK }));
      const {
        violations,
        overflowPx,
        errors: said,
      } = await look(browser, address, how, async (opened) => {
        await opened.getByRole('tab', { name }).click();
        // What the API lists is there.
        await opened.locator('#lab-panel select, #lab-panel input').first().waitFor();
        // What is unfolded may have something to unfold.
        for (let depth = 0; depth < 4; depth += 1) {
          await opened.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
        }
        await opened.locator('.values table').last().waitFor();
      });
      expect(violations.filter((line) => SERIOUS.test(line))).toEqual([]);
      expect(said).toEqual([]);
      expect(overflowPx).toBeLessThanOrEqual(0);
    },
  );

  it('is valid HTML, as it is sent and as it stands', async () => {
    expect(await htmlProblems(await (await fetch(address)).text())).toEqual([]);
    await begin();
    const standing = (await tab.evaluate('document.getElementById("app").innerHTML')) as string;
    const problems = await htmlProblems(
      `<!DOCTYPE html><html lang="en"><head><title>lab</title></head><body>${standing}</body></html>`,
    );
    // A browser writes styles that are set by a script as attributes.
    expect(problems.filter((line) => !line.includes('no-inline-style'))).toEqual([]);
  });
});

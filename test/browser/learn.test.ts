/** Lessons and challenges in a real browser, at a real lab: run, asked, answered, graded; by everybody. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CAUSES } from '../../src/scenarios/challenge/causes.js';
import { drawChallenge } from '../../src/scenarios/challenge/challenge.js';
import { readLessons } from '../../src/scenarios/lessons/lessons.js';
import { look } from '../support/axe.js';
import { startCli } from '../support/cli.js';
import { hasBrowser, htmlProblems, LOOKS, openBrowser } from '../support/html.js';

/** Runs in virtual time, beside a lab and a browser: on a busy machine all of that takes its time. */
const LONG_MS = 300_000;

const LESSONS = readLessons();

/** Every weight of finding that keeps somebody from using the page. */
const SERIOUS = /^(serious|critical) /;

const SEED = 15;

describe.skipIf(!hasBrowser)('learning in the lab (needs Chromium)', () => {
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** A lab for one test: commands end with the test that started them. */
  const serve = async (): Promise<void> => {
    const command = startCli(['serve', '--port', '0', '--json', '--quiet']);
    ({ url } = JSON.parse(await command.firstLine) as { url: string });
  };

  interface Opened {
    readonly tab: Page;
    readonly errors: string[];
    /** Whatever the page was told by the API. */
    readonly told: string[];
  }

  const open = async (hash = ''): Promise<Opened> => {
    await serve();
    const tab = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    tab.setDefaultTimeout(LONG_MS / 3);
    onTestFinished(() => tab.close());
    const [errors, told]: [string[], string[]] = [[], []];
    tab.on('pageerror', (error) => errors.push(error.message));
    tab.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    tab.on('response', async (response) => {
      if (response.url().includes('/api/challenges')) told.push(await response.text());
    });
    await tab.goto(`${url}${hash}`);
    return { tab, errors, told };
  };

  const pressUntil = async (tab: Page, isThere: (focused: string) => boolean): Promise<void> => {
    for (let presses = 0; presses < 80; presses += 1) {
      const focused = await tab.evaluate<string>(
        '[document.activeElement?.textContent, document.activeElement?.getAttribute("aria-label"), document.activeElement?.value].join(" ")',
      );
      if (isThere(focused)) return;
      await tab.keyboard.press('Tab');
    }
    throw new Error(`not reached: ${isThere.toString()}`);
  };

  it(
    'runs all ten lessons, asks the question of each, and grades the answer by the run',
    async () => {
      const { tab, errors } = await open('#lesson-1');
      for (const { number, title, answer, choices, shown } of LESSONS) {
        await tab.getByRole('heading', { level: 2, name: `${number}. ${title}` }).waitFor();
        await tab.getByRole('button', { name: 'Run it', exact: true }).click();
        await tab.getByRole('button', { name: 'Run it again' }).waitFor();
        expect(await tab.locator('.side-by-side canvas').count()).toBeGreaterThanOrEqual(2);
        const wrong = choices.find(({ letter }) => letter !== answer)!.letter;
        const body = tab.locator('main');
        // The answer is not there yet.
        expect(await body.innerText()).not.toContain(shown[0]!.expression);
        await tab.locator(`input[value="${wrong}"]`).check();
        await tab.getByRole('button', { name: 'Answer', exact: true }).click();
        await tab.getByText(`✗ ${wrong} is not what happened; it is ${answer}.`).waitFor();
        await tab.locator(`input[value="${answer}"]`).check();
        await tab.getByRole('button', { name: 'Answer', exact: true }).click();
        await tab.getByText(`✓ ${answer} is right.`).waitFor();
        const evidence = tab.locator('.learn-evidence');
        expect(await evidence.locator('li').count()).toBe(shown.length);
        expect(await evidence.innerText()).not.toMatch(/✗|observed nothing/);
        await tab.getByRole('button', { name: /^(Next lesson|To the challenge)$/ }).click();
      }
      await tab.getByRole('button', { name: 'Begin' }).waitFor();
      expect(errors).toEqual([]);
    },
    4 * LONG_MS,
  );

  it(
    'keeps the cause of a challenge to itself until it is answered, and grades it as the command does',
    async () => {
      const { tab, errors, told } = await open('#challenge');
      const { truth, causes, places, mitigations } = drawChallenge(SEED, 1);
      await tab.getByLabel('Seed').fill(String(SEED));
      await tab.getByRole('button', { name: 'Begin' }).click();
      await tab.getByRole('heading', { name: `Challenge ${SEED}, level 1` }).waitFor();
      await tab.getByRole('button', { name: 'Look at: Who asks, and how often' }).click();
      await tab.getByText('17 points are left').waitFor();
      await tab.getByText(/known clients ask for/).waitFor();
      const { tell } = CAUSES[truth.cause];
      expect(told.length).toBeGreaterThanOrEqual(2);
      for (const text of [...told, await tab.content()]) expect(text).not.toContain(tell);
      // It is the same after the page was loaded again.
      await tab.reload();
      await tab.getByText('17 points are left').waitFor();
      const choose = async (key: string, name: string): Promise<void> =>
        tab.locator(`input[name="${key}"][value="${name}"]`).check();
      expect(await tab.locator('input[name="cause"]').count()).toBe(causes.length);
      expect(await tab.locator('input[name="on"]').count()).toBe(places.length);
      expect(await tab.locator('input[name="mitigation"]').count()).toBe(mitigations.length);
      await choose('cause', truth.cause);
      await choose('on', truth.on);
      await choose('mitigation', truth.mitigation);
      await tab.getByRole('button', { name: 'Do it' }).click();
      await tab.getByText('97 of 100 points').waitFor();
      await tab.getByText(tell).waitFor();
      await tab.getByText('The same outage, without and with').waitFor();
      await tab.getByRole('button', { name: 'The lesson about it' }).click();
      await tab
        .getByRole('heading', { level: 2, name: new RegExp(`^${CAUSES[truth.cause].lesson}\\.`) })
        .waitFor();
      expect(errors).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'is done by keyboard alone: a lesson, and a challenge',
    async () => {
      const { tab, errors } = await open();
      await tab.locator('.lab-worker').first().waitFor();
      await pressUntil(tab, (focused) => focused.startsWith('Guided tour'));
      await tab.keyboard.press('Enter');
      await tab.getByRole('heading', { level: 2, name: /^1\./ }).waitFor();
      await tab.locator('h2:focus').waitFor();
      await pressUntil(tab, (focused) => focused.startsWith('Run it '));
      expect(await tab.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
      await tab.keyboard.press('Enter');
      await tab.getByRole('button', { name: 'Run it again' }).waitFor();
      await pressUntil(tab, (focused) => / a$/.test(focused));
      await tab.keyboard.press('ArrowDown');
      await pressUntil(tab, (focused) => focused.startsWith('Answer'));
      await tab.keyboard.press('Enter');
      await tab.getByText('✓ b is right.').waitFor();
      await tab.evaluate('document.querySelector("h2").focus()');
      await tab.keyboard.press('Shift+Tab');
      await tab.goto(`${url}#challenge`);
      await tab.locator('h2:focus').waitFor();
      await pressUntil(tab, (focused) => focused.startsWith('Begin'));
      await tab.keyboard.press('Enter');
      await tab.getByRole('heading', { name: /^Challenge \d+, level 1/ }).waitFor();
      await pressUntil(tab, (focused) => focused.includes('Look at: One failed request'));
      await tab.keyboard.press('Enter');
      await tab.getByText('16 points are left').waitFor();
      for (const first of ['memory', 'worker-1', 'take-out']) {
        await pressUntil(tab, (focused) => focused.endsWith(` ${first}`));
        await tab.keyboard.press('Space');
      }
      await pressUntil(tab, (focused) => focused.startsWith('Do it'));
      await tab.keyboard.press('Enter');
      await tab.getByText(/^\d+ of 100 points/).waitFor();
      expect(errors).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'watches a lesson on real processes in the lab’s place, and has its run when it is back',
    async () => {
      const { tab, errors } = await open('#lesson-1');
      await tab.getByRole('button', { name: 'Watch it in the lab' }).click();
      await tab.getByText('real processes').first().waitFor();
      await tab.getByRole('heading', { level: 1, name: /One gateway, three workers/ }).waitFor();
      await tab.locator('.lab-worker').first().waitFor();
      await tab.locator('#summary').waitFor();
      await tab.getByRole('button', { name: 'Back to lesson 1' }).click();
      await tab.getByText('On real processes.').waitFor();
      // A machine that was too busy is no reason to call anybody wrong.
      await tab.locator('input[value="b"]').check();
      await tab.getByRole('button', { name: 'Answer', exact: true }).click();
      await tab.getByText(/✓ b is right|\? It is b, though this run does not show it/).waitFor();
      await tab.getByRole('button', { name: 'Back to the lab' }).click();
      await tab.getByText(/[1-9]\d*\/s good/).waitFor();
      expect(errors).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'can be used by everybody, in light and dark, wide and narrow; and is valid HTML',
    async () => {
      await serve();
      const post = async (path: string, body: object): Promise<{ readonly id: string }> => {
        const response = await fetch(`${url}api/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        return (await response.json()) as { readonly id: string };
      };
      await post('lessons/4/run', {});
      const { id } = await post('challenges', { level: 2, seed: SEED });
      for (const kind of ['workers', 'log', 'trace', 'changes', 'clients'])
        await post(`challenges/${id}/evidence`, { kind });
      const graded = await post('challenges', { level: 1, seed: SEED });
      const answer = { cause: 'stuck', on: 'worker-1', mitigation: 'restart' };
      await post(`challenges/${graded.id}/answer`, answer);
      const pages: Record<string, (tab: Page) => Promise<void>> = {
        '#lesson-4': async (tab) => {
          await tab.locator('input[value="b"]').check();
          await tab.getByRole('button', { name: 'Answer', exact: true }).click();
          await tab.getByText('✓ b is right.').waitFor();
        },
        '#challenge': (tab) => tab.getByRole('button', { name: 'Begin' }).waitFor(),
        [`#challenge-${id}`]: (tab) => tab.getByText('Who asks, and how often').last().waitFor(),
        [`#challenge-${graded.id}`]: (tab) => tab.getByText('of 100 points').waitFor(),
      };
      for (const [hash, prepare] of Object.entries(pages)) {
        for (const how of LOOKS) {
          const seen = await look(browser, `${url}${hash}`, how, async (tab) => {
            tab.setDefaultTimeout(LONG_MS / 5);
            await prepare(tab);
            const written = await tab.evaluate<string>('document.getElementById("app").innerHTML');
            // A browser writes what is only there or not with an empty value.
            const standing = written.replace(/ (disabled|checked|open)=""/g, ' $1');
            const problems = await htmlProblems(
              `<!DOCTYPE html><html lang="en"><head><title>lab</title></head><body>${standing}</body></html>`,
            );
            // A browser writes styles that are set by a script as attributes.
            expect(problems.filter((line) => !line.includes('no-inline-style'))).toEqual([]);
            await tab.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
          });
          const where = `${hash} ${JSON.stringify(how)}`;
          expect(
            seen.violations.filter((line) => SERIOUS.test(line)),
            where,
          ).toEqual([]);
          expect(seen.errors, where).toEqual([]);
          expect(seen.overflowPx, where).toBeLessThanOrEqual(0);
          expect(seen.asked.every((asked) => asked.startsWith(url))).toBe(true);
        }
      }
    },
    2 * LONG_MS,
  );
});

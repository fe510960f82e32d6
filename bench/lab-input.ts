/**
 * How long it takes in a browser from an input to the lab's page until what it changed is painted: clicks and keys at
 * people's pace, timed by the browser itself (Event Timing).
 */
import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Why there is nothing to be measured; `null`: there is. */
export const missingBrowser: string | null = existsSync(CHROMIUM)
  ? null
  : `no Chromium at ${CHROMIUM} (CHROMIUM_PATH says where one is)`;

/** The shortest that a browser tells of. What it does not tell of was shorter. */
const LEAST_MS = 16;
/** A quick reader's pace: the next input does not meet what the one before has left to do. */
const PAUSE_MS = 150;
/** A page that has just come draws what there was. */
const SETTLE_MS = 2_000;
/** One in so many may be an outlier, as in Interaction to Next Paint (web.dev/articles/inp). */
const OUTLIER_EVERY = 50;

const TABS = ['Clients', 'Policies', 'Config', 'Fleet', 'Timeline', 'Scenarios', 'Faults'];

const WATCH = `
  window.interactions = new Map();
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries()) {
      if (interactionId === 0) continue;
      interactions.set(interactionId, Math.max(duration, interactions.get(interactionId) ?? 0));
    }
  }).observe({ type: 'event', durationThreshold: ${LEAST_MS} });
`;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** One after another. @returns how many they were. */
const makeInputs = async (tab: Page, rounds: number): Promise<number> => {
  let inputs = 0;
  const make = async (input: Promise<unknown>): Promise<void> => {
    await input;
    inputs++;
    await pause();
  };
  for (let round = 0; round < rounds; round++) {
    for (const name of TABS) await make(tab.getByRole('tab', { name }).click());
    for (let worker = 1; worker <= 8; worker++)
      await make(tab.locator(`[data-node="worker-${worker}"]`).click());
    const field = tab.getByLabel('perRequest');
    await make(field.click());
    for (const key of '64KiB') await make(field.press(key));
    await make(tab.getByText(/more options$/).click());
  }
  return inputs;
};

export interface InputTimes {
  readonly inputs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly longestMs: number;
  /** The longest but for outliers, as in Interaction to Next Paint. */
  readonly judgedMs: number;
}

const summarize = (told: readonly number[], inputs: number): InputTimes => {
  const unseen = new Array<number>(Math.max(0, inputs - told.length)).fill(LEAST_MS);
  const all = [...unseen, ...told].sort((a, b) => a - b);
  const at = (share: number): number => all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0;
  return {
    ...{ inputs, medianMs: at(0.5), p95Ms: at(0.95), longestMs: at(1) },
    judgedMs: all[all.length - 1 - Math.floor(inputs / OUTLIER_EVERY)] ?? 0,
  };
};

/** @param url of the page. @param rounds of 22 inputs each. */
export const measureInputs = async (url: string, rounds: number): Promise<InputTimes> => {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  try {
    const tab = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    await tab.goto(url);
    await tab.locator('[data-node="worker-8"]').waitFor();
    await tab.getByLabel('perRequest').waitFor();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await tab.evaluate(WATCH);
    const inputs = await makeInputs(tab, rounds);
    // Entries come when the browser has nothing else to do.
    await tab.evaluate('new Promise((resolve) => requestIdleCallback(resolve))');
    return summarize((await tab.evaluate('[...interactions.values()]')) as number[], inputs);
  } finally {
    await browser.close();
  }
};

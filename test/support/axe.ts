/** What axe-core finds wrong with a page in a browser, by its own page's policy or without one. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import type { Look } from './html.js';

export const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

export interface Seen {
  /** A line for each finding, whatever its weight. */
  readonly violations: readonly string[];
  /** What the console said. */
  readonly errors: readonly string[];
  /** Every address that was asked for. */
  readonly asked: readonly string[];
  /** How much wider than the window it is. */
  readonly overflowPx: number;
}

/**
 * Opens a page, in a context that lets axe in whatever the page's policy says.
 * @param prepare what is done to the page before it is looked at.
 */
export const look = async (
  browser: Browser,
  address: string,
  { colorScheme, width }: Look,
  prepare: (tab: Page) => Promise<void> = async () => {},
): Promise<Seen> => {
  const context = await browser.newContext({
    bypassCSP: true,
    colorScheme,
    viewport: { width, height: 900 },
    // A browser asks for a page, and not for JSON.
    extraHTTPHeaders: { accept: 'text/html' },
  });
  const tab = await context.newPage();
  const [errors, asked]: [string[], string[]] = [[], []];
  tab.on('request', (request) => asked.push(request.url()));
  tab.on('pageerror', (error) => errors.push(error.message));
  tab.on('console', (said) => {
    // A page that is an error is one by its status, and a favicon is the browser’s own idea.
    if (said.type() === 'error' && !said.text().startsWith('Failed to load resource'))
      errors.push(said.text());
  });
  await tab.goto(address);
  await prepare(tab);
  await tab.evaluate(AXE);
  const violations = (await tab.evaluate('axe.run().then(({ violations }) => violations)')) as Violation[];
  const overflowPx = (await tab.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
  await context.close();
  return {
    violations: violations.map(
      ({ id, impact, nodes }) =>
        `${impact} ${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary}`).join('; ')}`,
    ),
    errors,
    asked,
    overflowPx,
  };
};

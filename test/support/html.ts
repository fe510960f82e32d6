/** Pages as tests look at them: their tags, what a checker says of them, and a browser. */
import { existsSync } from 'node:fs';
import { HtmlValidate } from 'html-validate';
import { type Browser, chromium } from 'playwright-core';

const TAG = /<!DOCTYPE html>|<\/?[a-z][a-z0-9]*(?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*\s*\/?>/g;

/**
 * The tags of a page with the names of their attributes, and without what stands in them.
 * @throws when something that begins as a tag is none.
 */
export const skeletonOf = (html: string): string[] => {
  // A style is text to its end, whatever stands in it.
  const [before, style, after] = html.split(/<style>([^<]*)<\/style>/);
  const rest = style === undefined ? html : `${before}<style></style>${after}`;
  const left = rest.replace(TAG, '');
  const odd = /[<>]/.exec(left);
  if (odd !== null) throw new Error(`no tag: ${left.slice(Math.max(0, odd.index - 40), odd.index + 40)}`);
  return (rest.match(TAG) ?? []).map((tag) => tag.replace(/="[^"]*"/g, ''));
};

const checker = new HtmlValidate({ extends: ['html-validate:recommended'] });

/** What an HTML checker finds wrong with a page, a line for each. */
export const htmlProblems = async (html: string): Promise<string[]> => {
  const { results } = await checker.validateString(html);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line, column }) => `${line}:${column} ${ruleId}: ${message}`),
  );
};

export const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

export const hasBrowser = existsSync(CHROMIUM);

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
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

export interface Look {
  readonly colorScheme: 'light' | 'dark';
  readonly width: number;
}

/** Light and dark, wide and narrow. */
export const LOOKS: readonly Look[] = [
  { colorScheme: 'light', width: 1200 },
  { colorScheme: 'light', width: 360 },
  { colorScheme: 'dark', width: 1200 },
  { colorScheme: 'dark', width: 360 },
];

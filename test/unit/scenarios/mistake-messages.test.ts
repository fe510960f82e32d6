/**
 * Files as somebody writes them who has read the docs once: what is said of each has to be enough to mend it. The messages
 * are beside the files, in `test/fixtures/mistakes`; `vitest -u` writes them anew, to be read before they are committed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DocumentError } from '../../../src/core/document/document.js';
import { parseScenario } from '../../../src/scenarios/parse.js';

const FOLDER = fileURLToPath(new URL('../../fixtures/mistakes/', import.meta.url));

const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

/** Lists of what there is grow with badgateway: of a long one, the first three names are enough. */
const shortened = (message: string): string =>
  message.replace(
    /((?:known here:|there are|expected one of) (?:[^ ,]+, ){3})[^;]*?(?=; did|, got| beside|$)/gm,
    '$1…',
  );

const messageOf = (name: string): string => {
  try {
    parseScenario(readFileSync(`${FOLDER}${name}`, 'utf8'), name);
  } catch (error) {
    if (error instanceof DocumentError) return `${shortened(error.message)}\n`;
    throw error;
  }
  throw new Error(`${name} is a valid scenario`);
};

describe('a file with a mistake', () => {
  it('is there for each of the usual ones', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(30);
  });

  it.each(FILES)('%s is told what is wrong with it, and where', async (name) => {
    const message = messageOf(name);
    for (const line of message.trimEnd().split('\n')) expect(line).toMatch(/^[a-z-]+\.yaml:\d+:\d+: /);
    await expect(message).toMatchFileSnapshot(`${FOLDER}${name.replace('.yaml', '.txt')}`);
  });
});

/** A page as a file, for a browser to open; it goes when the test ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const pageFile = (html: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'page.html');
  writeFileSync(file, html);
  return file;
};

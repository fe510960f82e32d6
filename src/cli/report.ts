/** `badgateway report`: a stored result as a page. */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { EXIT_CODES } from '../core/errors.js';
import { renderHtml } from '../web/report.js';
import { flagValue } from './flags.js';
import { openInBrowser } from './open.js';
import { prepareOutput } from './output.js';
import { readResultFile } from './result-file.js';

/** Beside the result: `out/run.json` → `out/run.html`. */
const pageBeside = (file: string): string => `${file.replace(/\.json$/i, '')}.html`;

/** @throws UserError for a file that is no result. */
export const reportCommand = (file: string, flags: Readonly<Record<string, unknown>>): number => {
  const result = readResultFile(file);
  const page = flagValue(flags.output) ?? pageBeside(file);
  prepareOutput(page);
  writeFileSync(page, renderHtml(result));
  const address = pathToFileURL(page).href;
  process.stdout.write(`${address}\n`);
  if (flags.open) openInBrowser(address);
  return EXIT_CODES.pass;
};

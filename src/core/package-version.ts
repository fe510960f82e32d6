/** The version of this package. */
import { readFileSync } from 'node:fs';

/** Seen from `src/core` and from `dist/core` alike. */
const PACKAGE = new URL('../../package.json', import.meta.url);

/** As `package.json` says it, such as `0.1.0`. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version;

/** Proxies whose own configs can be read. */
import { importEnvoy } from './envoy/import/import.js';
import { importHaproxy } from './haproxy/import/import.js';
import type { ImportConfig } from './imported.js';
import { importNginx } from './nginx/import/import.js';
import type { ProxyName } from './target.js';

export const IMPORT_NAMES = ['nginx', 'haproxy', 'envoy'] as const satisfies readonly ProxyName[];
export type ImportName = (typeof IMPORT_NAMES)[number];

export const IMPORTS: Readonly<Record<ImportName, ImportConfig>> = {
  nginx: importNginx,
  haproxy: importHaproxy,
  envoy: importEnvoy,
};

/** Caddy as a target: a Caddyfile, its JSON logs, and its admin API. */
import type { ProxyKind } from '../target.js';
import { readEvidence } from './evidence.js';
import { follow } from './follow.js';
import { adapt } from './own.js';
import { translate } from './translate.js';

/** Caddy's own language is JSON. */
const adapter = (file: string): string[] => (file.endsWith('.json') ? [] : ['--adapter', 'caddyfile']);

export const caddy: ProxyKind = {
  name: 'caddy',
  title: 'Caddy',
  binary: 'caddy',
  version: { args: ['version'], pattern: /^v?(\d[\w.]*)/ },
  translate,
  args: (file) => ['run', '--config', file, ...adapter(file)],
  checkArgs: (file) => ['validate', '--config', file, ...adapter(file)],
  environment: ({ folder }, { processes }) => ({
    // It keeps a copy of its config and an identity in these, whatever its config says.
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
    GOMAXPROCS: String(processes),
  }),
  adapt,
  follow,
  readEvidence,
};

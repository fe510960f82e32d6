/** Brings a running Caddy to another state: the whole Caddyfile, through its admin API. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { wallClock } from '../../../core/clock.js';
import type { ProxyState, RunningProxy } from '../target.js';
import { FILES } from './translate.js';

/** A config is taken in milliseconds; Caddy opens every log and starts every check before it says so. */
const TIMEOUT_MS = 10_000;

/** Behind warnings Caddy has said 200 already when it finds the error: only the answer's text tells. */
const errorIn = (answer: string): string | null => {
  const [object] = /\{"error":.*\}\s*$/s.exec(answer) ?? [];
  return object === undefined ? null : (JSON.parse(object) as { readonly error: string }).error;
};

/**
 * Caddy answers once the new config serves and the old takes nothing more, so that no look is needed after it.
 * @throws Error with what Caddy has against the config; it then goes on with the old.
 */
export const follow = async (
  { site, file, ending }: RunningProxy,
  _before: ProxyState,
  _after: ProxyState,
): Promise<void> => {
  if (basename(file) !== FILES.config) {
    throw new Error('runs a config of its own, which does not say who is drained');
  }
  const controller = new AbortController();
  const timer = wallClock.after(TIMEOUT_MS, () =>
    controller.abort(new Error(`Caddy did not take its config within ${TIMEOUT_MS / 1_000}s`)),
  );
  try {
    const response = await fetch(`http://${site.host}:${site.adminPort}/load`, {
      method: 'POST',
      headers: { 'content-type': 'text/caddyfile' },
      body: readFileSync(file, 'utf8'),
      signal: AbortSignal.any([controller.signal, ending]),
    });
    const answer = await response.text();
    const error = errorIn(answer);
    if (!response.ok || error !== null) {
      throw new Error(`Caddy does not take its config: ${error ?? answer.trim()}`);
    }
  } finally {
    timer.cancel();
  }
};

/**
 * Envoy as a target: files that it watches, its access log, and its statistics. Everything here follows its
 * documentation and the definitions of its API; where this was written there was no Envoy to run.
 */
import { basename } from 'node:path';
import type { ProxyKind } from '../target.js';
import { readEvidence } from './evidence.js';
import { follow, LOG } from './follow.js';
import { CHECKED_FILE, FILES, translate } from './translate.js';

/** Lines of the access log are in the file by then: nobody looks sooner. */
const FLUSH_MS = 200;

export const envoy: ProxyKind = {
  name: 'envoy',
  title: 'Envoy',
  binary: 'envoy',
  version: { args: ['--version'], pattern: /version: \w+\/(\d[\w.]*)/ },
  translate,
  args: (file, { folder }, config) => [
    ...['-c', file, '--log-path', `${folder}/${LOG}`, '--log-level', 'warning'],
    ...['--concurrency', String(config?.processes ?? 1)],
    // Another Envoy on this host would be its parent or child otherwise, by shared memory.
    ...['--disable-hot-restart', '--file-flush-interval-msec', String(FLUSH_MS)],
    // What is closed is closed at once; a run does not wait for idle connections.
    ...['--drain-time-s', '1', '--parent-shutdown-time-s', '2'],
  ],
  checkArgs: (file, { folder, purpose }) => {
    const isOurs = purpose === 'run' && basename(file) === FILES.config;
    const checked = isOurs ? `${folder}/${CHECKED_FILE}` : file;
    return ['--mode', 'validate', '-c', checked, '--log-level', 'warning'];
  },
  follow,
  readEvidence,
};

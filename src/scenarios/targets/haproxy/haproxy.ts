/** HAProxy 2.6 or later in the gateway's place. */
import type { ProxyKind } from '../target.js';
import { LOG_FILE, readEvidence } from './evidence.js';
import { follow } from './follow.js';
import { adapt } from './own.js';
import { MASTER_SOCKET, translate } from './translate.js';

/**
 * It runs with a master and one worker. The master takes signals and begins a new worker for a new config; a worker whose
 * master is gone, however that ended, ends too.
 */
export const haproxy: ProxyKind = {
  name: 'haproxy',
  title: 'HAProxy',
  binary: 'haproxy',
  version: { args: ['-v'], pattern: /HAProxy version (\d+\.\d+(?:\.\d+)?)/ },
  translate,
  args: (file, { folder }) => [
    ...['-W', '-db', '-S', `${folder}/${MASTER_SOCKET},mode,600,level,admin`],
    ...['-f', file],
  ],
  checkArgs: (file) => ['-c', '-f', file],
  stdoutFile: LOG_FILE,
  adapt,
  drainsOwn: true,
  follow,
  readEvidence,
};

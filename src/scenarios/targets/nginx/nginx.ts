/** nginx, open-source, from 1.22. */
import type { ProxyKind } from '../target.js';
import { readEvidence } from './evidence.js';
import { follow } from './follow.js';
import { adapt } from './own.js';
import { ERROR_LOG, translate } from './translate.js';

export const nginx: ProxyKind = {
  name: 'nginx',
  title: 'nginx',
  binary: 'nginx',
  // It writes this to stderr.
  version: { args: ['-v'], pattern: /nginx version: nginx\/(\S+)/ },
  translate,
  // Without `-e` it opens the log that was compiled in before it reads the config, which an ordinary user may not.
  args: (file, { folder }) => [
    ...['-p', `${folder}/`, '-e', `${folder}/${ERROR_LOG}`, '-c', file],
    ...['-g', 'daemon off;'],
  ],
  checkArgs: (file, { folder }) => ['-t', '-q', '-p', `${folder}/`, '-e', 'stderr', '-c', file],
  adapt,
  follow,
  readEvidence,
};

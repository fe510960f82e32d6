/** A config of HAProxy that somebody runs as a service, as a run can have it. */
import type { ProxySite } from '../target.js';

const SECTION =
  /^\s*(global|defaults|frontend|backend|listen|peers|resolvers|userlist|mailers|program|cache|ring|http-errors|fcgi-app|log-forward)(\s|$)/;

/** Whom it becomes, and what it writes outside of the run's folder. */
const OF_A_SERVICE =
  /^\s*(user|group|uid|gid|chroot|daemon|pidfile|log|stats\s+(?:socket|bind-process))(\s|$)/;

/** Logs that go to a server or to the run's own output do no harm to the system. */
const isHarmless = (line: string, folder: string): boolean =>
  line.includes(folder) || (/^\s*log\s/.test(line) && !/^\s*log\s+(?:\/|unix@|abns@)/.test(line));

/**
 * Without what `global` says of it as a service of the system: an ordinary user may not do that, and root would take the
 * place of the service that is there. Such lines become comments, so that the others keep their numbers.
 */
export const adapt = (text: string, { folder }: ProxySite): string => {
  let section = '';
  return text
    .split('\n')
    .map((line) => {
      section = SECTION.exec(line)?.[1] ?? section;
      const isOurs = section !== 'global' || !OF_A_SERVICE.test(line) || isHarmless(line, folder);
      return isOurs ? line : `# ${line}`;
    })
    .join('\n');
};

/** Lines that have nothing to do with how requests fare, and lines that have, but not in the section's words. */
import type { LineFate } from '../../imported.js';
import type { Section } from './document.js';
import type { Notes } from './notes.js';

type Rule = readonly [pattern: RegExp, fate: LineFate, note: string];

/** The first that fits says it; asked only of lines of which nothing was said. */
const LINES: readonly Rule[] = [
  [
    /^log\b|^(no )?option (httplog|tcplog|dontlog\S*|log-\S+|logasap|httpslog)|^(error-)?log-format|^log-tag|^unique-id/,
    'ignored',
    'a log',
  ],
  [
    /^http-(request|response|after-response) (set-header|add-header|replace-header|replace-value|del-header|set-log-level|capture|set-var)\b/,
    'ignored',
    'a header or a variable, which says nothing of how a request fares',
  ],
  [/^(declare )?capture\b/, 'ignored', 'a log'],
  [
    /^stats\b|^(user|group|uid|gid|chroot|daemon|pidfile|description|node|localpeer|setenv|presetenv|master-worker|mworker-\S+|hard-stop-after|server-state-\S+|load-server-state\S*|set-dumpable|external-check|insecure-\S+|expose-\S+|h1-\S+|quiet|default-path|no strict-limits|strict-limits|zero-warning|grace)\b/,
    'ignored',
    'how the process runs',
  ],
  [
    /^(ulimit-n|fd-hard-limit|cpu-map|nbproc|maxsslconn|maxpipes|busy-polling|no\S+poll|tune\.|ssl-|ca-base|crt-base|thread-\S+|spread-checks|maxconn|maxconnrate|maxsessrate|maxcompcpuusage)/,
    'ignored',
    'how much the process may use',
  ],
  [/^lua-/, 'lost', 'scripts are not run'],
  [
    /^errorfile\b|^errorloc|^errorfiles\b|^http-error\b/,
    'ignored',
    'what the pages of its own errors look like',
  ],
  [/^(no )?compression\b/, 'lost', 'answers are not compressed'],
  [
    /^(no )?option (http-keep-alive|http-tunnel|http-use-htx|splice-\S+|tcp-smart-\S+|socket-stats|contstats|clitcpka|srvtcpka|tcpka|nolinger|http-use-proxy-header|idle-close-on-response|http-no-delay|h1-\S+|accept-\S+|http-ignore-probes|dontlognull|prefer-last-server|independent-streams|spread-checks)/,
    'ignored',
    'how connections are kept',
  ],
  [/^(no )?option abortonclose/, 'understood', 'a client that leaves takes its request along'],
  [
    /^(no )?option (http-buffer-request|http-restrict-req-hdr-names)/,
    'nearly',
    'small bodies of what may be sent twice are read before an upstream is asked',
  ],
  [/^http-reuse\b/, 'nearly', 'idle connections are shared among clients'],
  [
    /^timeout (tunnel|client-fin|server-fin|tarpit|connect|server|queue|check)\b/,
    'ignored',
    'a time for what the section has no time of its own for',
  ],
  [
    /^cookie\b|^appsession|^stick (on|match|store)|^persist/,
    'lost',
    'no client sticks to a server; hashOn may stand in for it',
  ],
  [/^fullconn\b/, 'lost', 'limits do not grow with the load; concurrency.adaptive finds one'],
  [/^use-server\b/, 'lost', 'a route leads to a pool, not to one server'],
  [/^redirect\b|^http-request redirect\b/, 'lost', 'no request is answered with another address'],
  [
    /^http-request (return|set-path|replace-path|set-uri|replace-uri|replace-pathq|set-method|set-query|normalize-uri|wait-for\S*|silent-drop|auth|use-service|lua\S*|set-priority\S*|set-dst\S*|set-src\S*|do-resolve)/,
    'lost',
    'requests go upstream as they came, or not at all',
  ],
  [/^http-(response|after-response)\b/, 'lost', 'answers come back as they are'],
  [/^tcp-(request|response)\b/, 'lost', 'connections are not judged, requests are'],
  [
    /^(email-alert|external-check|agent-\S+)\b/,
    'lost',
    'nothing but the checks of the section says how an upstream is',
  ],
  [
    /^(source|dispatch|filter|http-send-name-header|force-persist|ignore-persist|monitor|max-keep-alive-queue|bind-process|id|enabled|guid)\b/,
    'ignored',
    'says nothing of how requests fare',
  ],
  [/^disabled\b/, 'lost', 'a part that is switched off counts as one that is not there'],
  [/^rate-limit sessions/, 'lost', 'how many connections come is not bounded, only how many there are'],
  [/^acl\b/, 'ignored', 'no line that counts here names it'],
  [/^mode http$/, 'understood', 'HTTP'],
];

export const noteIdle = (sections: readonly Section[], notes: Notes): void => {
  for (const directive of sections.flatMap(({ directives }) => directives)) {
    if (notes.has(directive)) continue;
    const text = directive.words.join(' ');
    const found = LINES.find(([pattern]) => pattern.test(text));
    if (found !== undefined) notes.say(directive, found[1], found[2]);
  }
};

/** Sections that serve no requests. */
const SECTIONS: Readonly<Record<string, readonly [fate: LineFate, note: string]>> = {
  userlist: ['lost', 'nobody is asked for a password'],
  peers: ['ignored', 'what several proxies know in common'],
  mailers: ['ignored', 'who is told by mail'],
  program: ['ignored', 'another program'],
  ring: ['ignored', 'a log'],
  'http-errors': ['ignored', 'what the pages of its own errors look like'],
  'fcgi-app': ['lost', 'upstreams speak HTTP'],
  'log-forward': ['ignored', 'a log'],
  'crt-list': ['ignored', 'certificates'],
  'crt-store': ['ignored', 'certificates'],
  traces: ['ignored', 'a log'],
};

/** @returns whether it is one of these. */
export const noteOtherSection = ({ kind, head, directives }: Section, notes: Notes): boolean => {
  const found = SECTIONS[kind];
  if (found === undefined) return false;
  for (const directive of [head, ...directives]) notes.say(directive, ...found);
  return true;
};

/** The neutral section as nginx's config. Each part writes its lines, and says what nginx has no words for. */
import { hostAndPort } from '../../../core/http-address.js';
import { errorPageLosses } from '../loss-list.js';
import type { ProxySite, ProxyState, Translation } from '../target.js';
import { block, lines } from '../text.js';
import { writeCache } from './caching.js';
import { type Draft, draftOf, missing, otherwise } from './draft.js';
import { writeForwarding } from './forwarding.js';
import { isNamed, writeGroups } from './groups.js';
import { writeLimits } from './limits.js';
import { workerConnections, writeListener } from './listening.js';
import { locationLines } from './locations.js';
import { asGroup, loseGroups, writeNamed } from './named.js';
import { writeRules } from './rules.js';
import { DOLLAR, quote } from './words.js';

export const CONFIG_FILE = 'nginx.conf';
export const ACCESS_LOG = 'access.log';
export const ERROR_LOG = 'error.log';

/** Folders that nginx makes for bodies that do not fit into memory; those compiled in need rights. */
export const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** What a line of the access log says; `evidence.ts` reads it. */
const LOG_FIELDS = {
  ray: '$ray_id',
  connection: '$connection',
  ended: '$msec',
  took: '$request_time',
  method: '$request_method',
  request: '$request',
  status: '$status',
  upstream: '$upstream_addr',
  upstreamStatus: '$upstream_status',
  connected: '$upstream_connect_time',
  header: '$upstream_header_time',
  response: '$upstream_response_time',
} as const;

const logFormat = (): string[] => {
  const entries = Object.entries(LOG_FIELDS);
  return [
    'log_format badgateway escape=json',
    ...entries.map(([key, variable], index) => {
      const [open, close] = [index === 0 ? '{' : '', index === entries.length - 1 ? '}' : ','];
      return `  '${open}"${key}":"${variable}"${close}'`;
    }),
  ].map((line, index, { length }) => (index === length - 1 ? `${line};` : line));
};

const mainLines = (draft: Draft): string[] => {
  const { config, site } = draft;
  return [
    ...(site.purpose === 'run'
      ? [
          '# Of a master that is root; any other keeps its own user.',
          'user root;',
          `pid ${quote(`${site.folder}/nginx.pid`)};`,
          `error_log ${quote(`${site.folder}/${ERROR_LOG}`)} info;`,
        ]
      : []),
    `worker_processes ${config.processes};`,
    `worker_rlimit_nofile ${workerConnections(draft)};`,
  ];
};

const logLines = ({ site, http }: Draft): void => {
  if (site.purpose === 'export') return;
  http.push(
    '# The first 16 digits of the request’s number.',
    ...block('map $request_id $ray_id', ['"~^(?<ray_digits>.{16})" $ray_digits;']),
    ...logFormat(),
    `access_log ${quote(`${site.folder}/${ACCESS_LOG}`)} badgateway;`,
    ...TEMPORARY.map((name) => `${name}_temp_path ${quote(`${site.folder}/${name}_temp`)};`),
  );
};

/** Answers with what nginx counts, for whoever looks on. */
const adminLines = ({ site }: Draft): string[] => {
  if (site.purpose === 'export') return [];
  const { host, adminPort } = site;
  return [
    '',
    ...block('server', [
      `listen ${hostAndPort({ host, port: adminPort })};`,
      'access_log off;',
      ...block('location = /status', ['stub_status;']),
      ...block('location /', ['return 404;']),
    ]),
  ];
};

const writeOthers = (draft: Draft): void => {
  const { profile, statusDialect } = draft.config;
  if (profile === 'naive')
    missing(draft, ['profile'], 'nginx has its own ways, not those of plain reply-from');
  if (statusDialect !== 'nginx') {
    const text = 'nginx answers in its own words, such as 502 where no server is left';
    otherwise(draft, ['statusDialect'], text);
  }
  for (const { path, text } of errorPageLosses(draft.config)) otherwise(draft, path, text);
};

/** @throws nothing: what cannot be said is a loss. */
export const translate = (state: ProxyState, site: ProxySite): Translation => {
  const draft = draftOf(state, site);
  logLines(draft);
  writeListener(draft);
  writeRules(draft);
  writeLimits(draft);
  writeForwarding(draft);
  writeCache(draft);
  const named = draft.pools.filter(isNamed);
  const targets = writeNamed(draft, named);
  const groups = draft.pools.filter((pool) => !targets.has(pool));
  writeGroups(
    draft,
    groups.map((pool) => asGroup(draft, pool)),
  );
  if (targets.size > 0) loseGroups(draft);
  const locations = locationLines(draft, targets);
  writeOthers(draft);
  const server = block('server', [...draft.server, ...locations]);
  const written = [...draft.http, '', ...server, ...adminLines(draft)];
  const dollar = written.some((line) => line.includes(DOLLAR)) ? ['geo $dollar { default "$"; }'] : [];
  const text = lines(
    mainLines(draft),
    '',
    block('events', [`worker_connections ${workerConnections(draft)};`]),
    '',
    block('http', [...dollar, ...written]),
  );
  return { files: { [CONFIG_FILE]: text, ...draft.files }, losses: draft.losses };
};

/** `badgateway gateway`: runs the built-in gateway in front of upstreams that the user names, until it is stopped. */
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { wallClock } from '../core/clock.js';
import { type Override, parsePathValue } from '../core/document/overrides.js';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { Random } from '../core/random.js';
import { Reaper } from '../core/reaper.js';
import { type GatewayConfig, MAX_PROCESSES } from '../gateway/config.js';
import { parseGatewayFile } from '../gateway/config-document.js';
import { GatewayChild, type GatewayReady, type GatewayReport } from '../gateway/gateway-child.js';
import { gatewayEventText } from '../scenarios/report/event-text.js';
import { flagList, parseSeed } from './flags.js';
import { aborted, listenForInterruption } from './interruption.js';
import { parseHost, parsePort, parseToken } from './listen-flags.js';
import { parseUpstreams } from './upstreams.js';

/** How long the gateway may take to go by itself before it is killed. */
const STOP_GRACE_MS = 1_000;

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError('usage', `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
};

const parseProcesses = (flag: unknown): Override[] => {
  if (flag === undefined) return [];
  const processes = Number(flag);
  if (!Number.isInteger(processes) || processes < 1 || processes > MAX_PROCESSES) {
    const range = `a whole number from 1 to ${MAX_PROCESSES}`;
    throw new UserError('usage', `--processes takes ${range}, got "${String(flag)}"`);
  }
  return [{ path: ['processes'], value: processes }];
};

/**
 * Of `--config`, `--set` and `--processes`.
 * @param ids of the upstreams, which the config may name.
 * @throws UserError
 */
export const readConfig = (
  flags: Readonly<Record<string, unknown>>,
  ids: readonly string[],
): GatewayConfig => {
  const file = flags.config === undefined ? null : String(flags.config);
  const set = flagList(flags.set).map((text) => parsePathValue(text, 'breaker.openFor=5s'));
  const overrides = [...set, ...parseProcesses(flags.processes)];
  return parseGatewayFile(file === null ? '' : readText(file), file ?? '--set', { overrides, ids });
};

const address = (host: string, port: number): string => `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;

const addressText = (
  { host, adminHost }: { readonly host: string; readonly adminHost: string },
  { port, adminPort }: GatewayReady,
  pid: number,
  json: boolean,
): string => {
  const url = address(host, port);
  const adminUrl = address(adminHost, adminPort);
  return json
    ? `${JSON.stringify({ url, adminUrl, pid })}\n`
    : `gateway    ${url}\nadmin API  ${adminUrl}  (GET /openapi.json says what it can do)\n`;
};

/** When it happened, as clocks on the wall show it. */
const timeOfDay = (atMs: number): string => new Date(atMs).toTimeString().slice(0, 8);

const tellEvents = ({ events }: GatewayReport): void => {
  for (const event of events) {
    const text = gatewayEventText(event);
    if (text !== null) process.stderr.write(`${timeOfDay(event.atMs)}  ${text}\n`);
  }
};

/** Of every start its own: Ray IDs must not be those of the last one. */
const newSeed = (): number => new Random(Math.floor(wallClock.nowMs())).fork(`process ${process.pid}`).seed;

/** @returns the exit code: 0 when somebody asked it to stop. */
export const gatewayCommand = async (
  urls: readonly string[],
  flags: Record<string, unknown>,
): Promise<number> => {
  const upstreams = parseUpstreams(urls);
  const host = parseHost('--host', flags.host);
  const adminHost = parseHost('--admin-host', flags.adminHost);
  const admin = { name: '--admin-token', host: adminHost, hostFlag: '--admin-host' };
  const adminToken = parseToken(flags.adminToken, admin);
  const argument = {
    config: readConfig(
      flags,
      upstreams.map(({ id }) => id),
    ),
    upstreams,
    host,
    port: parsePort('--port', flags.port),
    adminPort: parsePort('--admin-port', flags.adminPort),
    adminHost,
    ...(adminToken !== null && { adminToken }),
    seed: parseSeed(flags.seed) ?? newSeed(),
  };
  const { signal, release } = listenForInterruption();
  const reaper = new Reaper();
  const gateway = new GatewayChild({ argument, reaper, onReport: flags.quiet ? () => {} : tellEvents });
  const stopAsked = aborted(signal).then(() => {
    if (!flags.quiet) process.stderr.write('stopping; once more ends it at once\n');
  });
  try {
    const ready = await Promise.race([gateway.ready, stopAsked]);
    if (ready !== undefined) {
      process.stdout.write(addressText(argument, ready, gateway.pid, Boolean(flags.json)));
      const failure = await Promise.race([gateway.failed, stopAsked]);
      if (failure !== undefined) throw new UserError('internal', failure);
    }
    return EXIT_CODES.pass;
  } finally {
    await gateway.stop(STOP_GRACE_MS);
    await reaper.stop();
    release();
  }
};

/**
 * Bringing a running HAProxy to a new state. Weights and drains are told to its workers, which is done at once and is in
 * the files for the next reload; anything else is a new config, and so a reload: the master begins a worker with it, and
 * the old one takes no more connections and ends what it has.
 */
import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Clock, sleep, wallClock } from '../../../core/clock.js';
import { runProgram } from '../../../core/program.js';
import { Reaper } from '../../../core/reaper.js';
import type { ProxyState, ProxyUpstream, RunningProxy } from '../target.js';
import { layoutOf, weightOf } from './layout.js';
import { command, type ProcessLine, readProcesses, readServers } from './sockets.js';
import { CONFIG_FILE, MASTER_SOCKET } from './translate.js';

/** A worker is there within tenths of a second, and longer on a machine that is busy. */
const RELOAD_MS = 20_000;

const LOOK_MS = 20;

/** What a reload is for; the rest a worker is told. */
const fixedOf = ({ config, upstreams }: ProxyState): string =>
  JSON.stringify([
    config,
    upstreams.map(({ id, host, port, priority }: ProxyUpstream) => [id, host, port, priority]),
  ]);

/** Lines that say what went wrong, without who said it and when. */
const alertsIn = (text: string): string => {
  const alerts = text.split('\n').flatMap((line) => /^\[ALERT\]\s+\(\d+\) : (.*)$/.exec(line)?.[1] ?? []);
  return alerts.length === 0 ? text.trim() : alerts.join('\n');
};

/** Asks the program itself, of which another copy runs: a master says on its standard error alone what it dislikes. */
const checkConfig = async ({ pid, file, ending }: RunningProxy): Promise<void> => {
  const program = await readlink(`/proc/${pid}/exe`).catch(() => 'haproxy');
  const reaper = new Reaper();
  try {
    await runProgram({
      name: 'haproxy -c',
      command: program,
      args: ['-c', '-f', file],
      reaper,
      signal: ending,
    });
  } catch (error) {
    throw new Error(`HAProxy refuses the config:\n${alertsIn((error as Error).message)}`);
  } finally {
    await reaper.stop();
  }
};

const masterSocket = ({ site }: RunningProxy): string => `${site.folder}/${MASTER_SOCKET}`;

/** A master listens a moment after its worker, and begins anew with each reload: what is asked then is asked again. */
const askMaster = async (
  running: RunningProxy,
  commands: readonly string[],
  clock: Clock,
): Promise<string> => {
  const untilMs = clock.nowMs() + RELOAD_MS;
  for (;;) {
    try {
      return await command(masterSocket(running), commands, clock);
    } catch (error) {
      if (clock.nowMs() > untilMs) throw error;
      await sleep(clock, LOOK_MS);
      running.ending.throwIfAborted();
    }
  }
};

/** @param commands for the worker that serves. @throws Error with what it has against one of them. */
const tellWorker = async (
  running: RunningProxy,
  commands: readonly string[],
  clock: Clock,
): Promise<void> => {
  if (commands.length === 0) return;
  const own = commands.map((words) => `@1 ${words}`);
  const said = await askMaster(running, own, clock);
  if (said !== '') throw new Error(`HAProxy does not take it: ${said}`);
};

const setWeights = (running: RunningProxy, state: ProxyState, clock: Clock): Promise<void> => {
  const commands = layoutOf(state).backends.flatMap(({ name, upstreams }) =>
    upstreams.map((upstream) => `set server ${name}/${upstream.id} weight ${weightOf(upstream)}`),
  );
  return tellWorker(running, commands, clock);
};

/** In a config of somebody else servers have names and weights of their own, and are known by their addresses. */
const setDrains = async (running: RunningProxy, { upstreams }: ProxyState, clock: Clock): Promise<void> => {
  const servers = readServers(await askMaster(running, ['@1 show servers state'], clock));
  const commands = servers.flatMap(({ name, host, port }) => {
    const upstream = upstreams.find((one) => one.host === host && one.port === port);
    if (upstream === undefined) return [];
    return [`set server ${name} state ${weightOf(upstream) === 0 ? 'drain' : 'ready'}`];
  });
  await tellWorker(running, commands, clock);
};

interface Reload {
  readonly running: RunningProxy;
  readonly clock: Clock;
  /** As the master told them before. */
  readonly before: readonly ProcessLine[];
}

const masterOf = (processes: readonly ProcessLine[]): ProcessLine | undefined =>
  processes.find(({ kind }) => kind === 'master');

const pidsOf = (processes: readonly ProcessLine[]): number[] =>
  processes.filter(({ kind, current }) => kind === 'worker' && current).map(({ pid }) => pid);

/** @returns '' when there is no answer: it is asked again anyway. */
const ask = (path: string, words: string, clock: Clock): Promise<string> =>
  command(path, [words], clock).catch(() => '');

/** Whether all that serves is of the new config: its worker answers, and no old one takes connections. */
const hasTaken = async ({ running, clock, before }: Reload): Promise<boolean> => {
  const master = masterSocket(running);
  const now = readProcesses(await ask(master, 'show proc', clock));
  const own = masterOf(now);
  if (own === undefined || own.reloads <= (masterOf(before)?.reloads ?? 0)) return false;
  if (own.failed > 0) throw new Error('HAProxy could not load the config, and goes on with the one before');
  const former = pidsOf(before);
  const fresh = pidsOf(now).filter((pid) => !former.includes(pid));
  if (fresh.length === 0) return false;
  // One that does not answer yet does not take connections yet.
  for (const pid of fresh) {
    if (!/^Stopping: 0$/m.test(await ask(master, `@!${pid} show info`, clock))) return false;
  }
  for (const pid of former) {
    if (!now.some((process) => process.pid === pid)) continue;
    const old = await ask(master, `@!${pid} show info`, clock);
    if (!/^Stopping: 1$/m.test(old)) return false;
  }
  return true;
};

const reload = async (running: RunningProxy, clock: Clock): Promise<void> => {
  await checkConfig(running);
  const before = readProcesses(await askMaster(running, ['show proc'], clock));
  process.kill(running.pid, 'SIGUSR2');
  const untilMs = clock.nowMs() + RELOAD_MS;
  while (!(await hasTaken({ running, clock, before }))) {
    if (clock.nowMs() > untilMs) {
      throw new Error(`HAProxy has not taken the new config within ${RELOAD_MS / 1000} s`);
    }
    await sleep(clock, LOOK_MS);
    running.ending.throwIfAborted();
  }
};

/** What a reload brings to a config of somebody else: where the workers are. */
const addressesOf = ({ upstreams }: ProxyState): string =>
  JSON.stringify(upstreams.map(({ id, host, port }) => [id, host, port]));

const followOwn = async (running: RunningProxy, before: ProxyState, after: ProxyState): Promise<void> => {
  if (addressesOf(before) !== addressesOf(after)) await reload(running, wallClock);
  await setDrains(running, after, wallClock);
};

export const follow = (running: RunningProxy, before: ProxyState, after: ProxyState): Promise<void> => {
  if (basename(running.file) !== CONFIG_FILE) return followOwn(running, before, after);
  return fixedOf(before) === fixedOf(after)
    ? setWeights(running, after, wallClock)
    : reload(running, wallClock);
};

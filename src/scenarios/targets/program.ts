/** Where a proxy's program is on this machine, and which version it is. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Program } from '../../core/program.js';
import type { Reaper } from '../../core/reaper.js';
import type { ProxyProgram } from './choice.js';
import type { ProxyKind } from './target.js';

/** Where packages put servers, which is not always in an ordinary user's PATH. */
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];

/** Names a program that is elsewhere: `BADGATEWAY_NGINX=/opt/nginx/sbin/nginx`. */
export const programVariable = ({ name }: Pick<ProxyKind, 'name'>): string =>
  `BADGATEWAY_${name.toUpperCase()}`;

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

type Environment = Readonly<Record<string, string | undefined>>;

/** @returns where the program is; `null`: nowhere that was looked. */
export const findProgram = (proxy: ProxyKind, environment: Environment = process.env): string | null => {
  const named = environment[programVariable(proxy)];
  if (named !== undefined && named !== '') return isExecutable(named) ? named : null;
  const folders = [...(environment.PATH ?? '').split(delimiter), ...FOLDERS].filter(
    (folder) => folder !== '',
  );
  return folders.map((folder) => join(folder, proxy.binary)).find(isExecutable) ?? null;
};

/** For somebody who wants to run it. */
export const missingText = (proxy: ProxyKind): string =>
  `${proxy.title} is not installed here: no program ${proxy.binary} in PATH or ${FOLDERS.slice(0, 2).join(', ')}; ` +
  `install it, or name it with ${programVariable(proxy)}=/path/to/${proxy.binary}`;

/** @returns the proxy with its version; `null`: it is not here. */
export const lookForProxy = async (proxy: ProxyKind, reaper: Reaper): Promise<ProxyProgram | null> => {
  const path = findProgram(proxy);
  if (path === null) return null;
  const { args, pattern } = proxy.version;
  const program = new Program({ name: proxy.title, command: path, args, reaper });
  await program.exited;
  const version = pattern.exec(`${program.stdout}${program.stderr}`)?.[1];
  return { proxy, path, version: version ?? 'of an unknown version' };
};

/** Where a proxy's program is on this machine, and which version it is. */
import { accessSync, constants, statSync } from 'node:fs';
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
    // A folder may be entered, which is the same right.
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the environment says that it is; `null`: it does not say. */
const namedIn = (environment: Environment, proxy: ProxyKind): string | null =>
  environment[programVariable(proxy)] || null;

/** @returns where the program is; `null`: nowhere that was looked. */
export const findProgram = (proxy: ProxyKind, environment: Environment = process.env): string | null => {
  const named = namedIn(environment, proxy);
  if (named !== null) return isExecutable(named) ? named : null;
  const folders = [...(environment.PATH ?? '').split(delimiter), ...FOLDERS].filter(
    (folder) => folder !== '',
  );
  return folders.map((folder) => join(folder, proxy.binary)).find(isExecutable) ?? null;
};

/** Why there is none, for somebody who wants to run it. */
export const missingText = (proxy: ProxyKind, environment: Environment = process.env): string => {
  const variable = programVariable(proxy);
  const named = namedIn(environment, proxy);
  if (named !== null) {
    return `${proxy.title} is not at ${variable}=${named}: there is no file that may be run; mend it, or leave it out`;
  }
  return (
    `${proxy.title} is not installed here: no program ${proxy.binary} in PATH or ${FOLDERS.slice(0, 2).join(', ')}; ` +
    `install it, or name it with ${variable}=/path/to/${proxy.binary}`
  );
};

/** @returns the proxy with its version, or why it is not here, in words. */
export const lookForProxy = async (
  proxy: ProxyKind,
  reaper: Reaper,
  environment: Environment = process.env,
): Promise<ProxyProgram | { readonly missing: string }> => {
  const path = findProgram(proxy, environment);
  if (path === null) return { missing: missingText(proxy, environment) };
  const { args, pattern } = proxy.version;
  const program = new Program({ name: proxy.title, command: path, args, reaper });
  const code = await program.exited;
  const version = pattern.exec(`${program.stdout}${program.stderr}`)?.[1];
  if (version !== undefined) return { proxy, path, version };
  const words = `${program.stdout}${program.stderr}`.trim();
  const said = words === '' ? `nothing, and ended with ${code ?? 'a signal'}` : words;
  return {
    missing: `${path} does not tell a version of ${proxy.title}; asked ${args.join(' ')}, it said: ${said}`,
  };
};

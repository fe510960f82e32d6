/** `--target a,b`, `--config FILE` and `--map TEXT=PLACE`: what stands in the gateway's place. */
import { readFileSync } from 'node:fs';
import { UserError } from '../core/errors.js';
import { thereAre } from '../core/nearest.js';
import { Reaper } from '../core/reaper.js';
import type { Engine } from '../scenarios/engines.js';
import { BUILT_IN, type Target, targetName } from '../scenarios/targets/choice.js';
import type { OwnConfig } from '../scenarios/targets/own-config.js';
import { lookForProxy, missingText } from '../scenarios/targets/program.js';
import { PROXIES } from '../scenarios/targets/proxies.js';
import { type ProxyName, TARGET_NAMES, type TargetName } from '../scenarios/targets/target.js';
import { flagList, flagValue } from './flags.js';

/** Each runs every variant, one after another. */
const MAX_TARGETS = 8;

const usage = (message: string): UserError => new UserError('usage', message);

const isName = (text: string): text is TargetName => (TARGET_NAMES as readonly string[]).includes(text);

const namesOf = (flag: unknown): TargetName[] => {
  const names = flagList(flag).flatMap((text) => text.split(','));
  for (const [index, name] of names.entries()) {
    if (!isName(name))
      throw usage(`--target ${name}: there is no such target${thereAre(name, TARGET_NAMES)}`);
    if (names.indexOf(name) !== index) throw usage(`--target names ${name} twice`);
  }
  if (names.length > MAX_TARGETS) throw usage(`--target takes at most ${MAX_TARGETS}, got ${names.length}`);
  return names as TargetName[];
};

const readMap = (flag: unknown): Record<string, string> =>
  Object.fromEntries(
    flagList(flag).map((text) => {
      const at = text.lastIndexOf('=');
      if (at < 1 || at === text.length - 1) {
        throw usage(`--map takes TEXT=PLACE, such as 10.0.0.7:8080=worker-1 or *:80=listen, got "${text}"`);
      }
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );

const readOwn = (flags: Record<string, unknown>, names: readonly TargetName[]): OwnConfig | null => {
  const file = flagValue(flags.config);
  const map = readMap(flags.map);
  if (file === undefined) {
    if (Object.keys(map).length > 0)
      throw usage('--map says what a config of your own means: give --config too');
    return null;
  }
  const [name, ...more] = names;
  if (name === undefined || more.length > 0 || !(name in PROXIES)) {
    throw usage(
      `--config is a config of one proxy: give --target ${Object.keys(PROXIES).join(' or ')} with it, and nothing else`,
    );
  }
  try {
    return { file, text: readFileSync(file, 'utf8'), map };
  } catch (error) {
    throw usage(`--config ${file}: ${(error as Error).message}`);
  }
};

export interface ChosenTargets {
  readonly targets: readonly Target[];
  /** What was asked for and is not installed here, in words. */
  readonly missing: readonly string[];
}

const lookFor = async (
  name: TargetName,
  own: OwnConfig | null,
): Promise<Target | { readonly missing: string }> => {
  if (name === 'gateway' || name === 'naive' || name === 'direct') return { kind: name };
  const proxy = PROXIES[name as ProxyName];
  if (proxy === undefined) return { missing: `${name} is not supported yet` };
  const reaper = new Reaper();
  const program = await lookForProxy(proxy, reaper);
  await reaper.stop();
  return program === null ? { missing: missingText(proxy) } : { kind: 'proxy', program, own };
};

/** @throws UserError for what is no target, and when none of them is here. */
export const chooseTargets = async (
  flags: Record<string, unknown>,
  engine: Engine,
): Promise<ChosenTargets> => {
  const names = namesOf(flags.target);
  const own = readOwn(flags, names);
  if (names.length === 0) return { targets: [BUILT_IN], missing: [] };
  if (engine === 'virtual' && names.some((name) => name !== 'gateway')) {
    throw usage(
      '--engine virtual knows the built-in gateway only: real programs have no virtual time; leave --target or --engine out',
    );
  }
  const targets: Target[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const found = await lookFor(name, own);
    if ('missing' in found) missing.push(found.missing);
    else targets.push(found);
  }
  if (targets.length === 0) throw new UserError('couldNotStart', missing.join('\n'));
  return { targets, missing };
};

/** As the result has them, with a comma between them. */
export const targetNames = (targets: readonly Target[]): string => targets.map(targetName).join(',');

/** Versions of the proxies among them. */
export const proxyVersions = (targets: readonly Target[]): Record<string, string> =>
  Object.fromEntries(
    targets.flatMap((target) =>
      target.kind === 'proxy' ? [[target.program.proxy.name, target.program.version]] : [],
    ),
  );

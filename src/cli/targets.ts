/** `--target a,b`, with its `--config FILE`, `--map TEXT=PLACE` and `--workers-at PORTS`: what stands in the gateway's place. */
import { readFileSync } from 'node:fs';
import { parseAddress } from '../bench/targets.js';
import { UserError, usageError } from '../core/errors.js';
import { thereAre } from '../core/nearest.js';
import { Reaper } from '../core/reaper.js';
import type { Engine } from '../scenarios/engines.js';
import { BUILT_IN, type MissingTarget, type Target, targetName } from '../scenarios/targets/choice.js';
import type { OwnConfig } from '../scenarios/targets/own-config.js';
import { lookForProxy } from '../scenarios/targets/program.js';
import { PROXIES } from '../scenarios/targets/proxies.js';
import { TARGET_NAMES, type TargetName } from '../scenarios/targets/target.js';
import { isAddress } from './bench-request.js';
import { flagList, flagValue } from './flags.js';
import { parseWorkersAt } from './workers-at.js';

/** Each runs every variant, one after another. */
const MAX_TARGETS = 8;

const isName = (text: string): text is TargetName => (TARGET_NAMES as readonly string[]).includes(text);

const ADDRESS = 'an address such as http://127.0.0.1:8080';

/** A gateway that runs already. */
type Origin = `http://${string}`;

const isOrigin = (name: TargetName | Origin): name is Origin => name.startsWith('http://');

const readOrigin = (text: string, remote: boolean): Origin => {
  const url = parseAddress(text, remote);
  if (url.username !== '' || url.password !== '')
    throw usageError(`--target ${text}: leave user and password out`);
  if (`${url.pathname}${url.search}${url.hash}` !== '/') {
    throw usageError(
      `--target ${text}: what is asked for there is in the scenario, by \`clients.path\`; leave the path out`,
    );
  }
  return url.origin as Origin;
};

const readName = (text: string, remote: boolean): TargetName | Origin => {
  if (isName(text)) return text;
  if (isAddress(text)) return readOrigin(text, remote);
  throw usageError(`--target ${text}: there is no such target${thereAre(text, [...TARGET_NAMES, ADDRESS])}`);
};

const namesOf = (flag: unknown, remote: boolean): (TargetName | Origin)[] => {
  const names = flagList(flag)
    .flatMap((text) => text.split(','))
    .map((text) => readName(text, remote));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw usageError(`--target names ${twice} twice`);
  if (names.length > MAX_TARGETS)
    throw usageError(`--target takes at most ${MAX_TARGETS}, got ${names.length}`);
  return names;
};

const readMap = (flag: unknown): Record<string, string> =>
  Object.fromEntries(
    flagList(flag).map((text) => {
      const at = text.lastIndexOf('=');
      if (at < 1 || at === text.length - 1) {
        throw usageError(
          `--map takes TEXT=PLACE, such as 10.0.0.7:8080=worker-1 or *:80=listen, got "${text}"`,
        );
      }
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );

const readOwn = (flags: Record<string, unknown>, names: readonly string[]): OwnConfig | null => {
  const file = flagValue(flags.config);
  const map = readMap(flags.map);
  if (file === undefined) {
    if (Object.keys(map).length > 0)
      throw usageError('--map says what a config of your own means: give --config too');
    return null;
  }
  const [name, ...more] = names;
  if (name === undefined || more.length > 0 || !(name in PROXIES)) {
    throw usageError(
      `--config is a config of one proxy: give --target ${Object.keys(PROXIES).join(' or ')} with it, and nothing else`,
    );
  }
  try {
    return { file, text: readFileSync(file, 'utf8'), map };
  } catch (error) {
    throw usageError(`--config ${file}: ${(error as Error).message}`);
  }
};

export interface ChosenTargets {
  readonly targets: readonly Target[];
  /** What was asked for and is not installed here. */
  readonly missing: readonly MissingTarget[];
}

/** What else the flags say. */
interface Around {
  readonly own: OwnConfig | null;
  readonly workersAt: readonly number[];
}

const lookFor = async (
  name: TargetName | Origin,
  { own, workersAt }: Around,
): Promise<Target | { readonly missing: MissingTarget }> => {
  if (isOrigin(name)) return { kind: 'url', origin: name, workersAt };
  if (name === 'gateway' || name === 'naive' || name === 'direct') return { kind: name };
  const proxy = PROXIES[name];
  const reaper = new Reaper();
  const found = await lookForProxy(proxy, reaper);
  await reaper.stop();
  return 'missing' in found
    ? { missing: { name, text: found.missing } }
    : { kind: 'proxy', program: found, own };
};

/** @throws UserError for what is no target, and when none of them is here. */
export const chooseTargets = async (
  flags: Record<string, unknown>,
  engine: Engine,
): Promise<ChosenTargets> => {
  const names = namesOf(flags.target, flags.remote === true);
  const own = readOwn(flags, names);
  const workersAt = parseWorkersAt(flags.workersAt);
  if (workersAt.length > 0 && !names.some(isOrigin)) {
    throw usageError('--workers-at is for a gateway that runs already: give its address as --target');
  }
  if (names.length === 0) return { targets: [BUILT_IN], missing: [] };
  if (engine === 'virtual' && names.some((name) => name !== 'gateway')) {
    throw usageError(
      '--engine virtual knows the built-in gateway only: real programs have no virtual time; leave --target or --engine out',
    );
  }
  const targets: Target[] = [];
  const missing: MissingTarget[] = [];
  for (const name of names) {
    const found = await lookFor(name, { own, workersAt });
    if ('missing' in found) missing.push(found.missing);
    else targets.push(found);
  }
  if (targets.length === 0) throw new UserError('couldNotStart', missing.map(({ text }) => text).join('\n'));
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

/**
 * Wrong variants of the functions of config delivery: mistakes that were made, or that are easily made. Each is to break
 * at least one of the properties P1 to P12; one that breaks none says that a property looks away.
 */
import type { ReadConfig } from '../../src/delivery/config-document.js';
import type { CapacityGuardOptions, Guard, SizeGuardOptions } from '../../src/delivery/guards.js';
import type { LiveVersionsOptions } from '../../src/delivery/live-versions.js';
import { findReferenceProblems, type References } from '../../src/delivery/references.js';
import { DownstreamBalancer } from '../../src/upstream/downstream.js';
import { type ConfigSubject, type ParsedConfig, parseConfig, TRUTH } from '../support/config-subject.js';
import { countingRuntime } from '../support/worker-runtime.js';
import { PlantedVersions, type VersionsBug } from './planted-versions.js';

export interface ConfigMutant {
  /** What it does wrong. */
  readonly name: string;
  /** Numbers of the properties that must find it; others may find it too. */
  readonly breaks: readonly string[];
  readonly subject: ConfigSubject;
}

const mutant = (name: string, breaks: readonly string[], parts: Partial<ConfigSubject>): ConfigMutant => ({
  name,
  breaks,
  subject: { ...TRUTH, ...parts },
});

const versionsMutant = (breaks: readonly string[], bug: VersionsBug): ConfigMutant =>
  mutant(`versions: ${bug}`, breaks, {
    makeVersions: <Live>(options: LiveVersionsOptions<unknown, Live>) => new PlantedVersions(options, bug),
  });

/** The second writing of `LiveVersions` without a bug: no mutant, and no property may say that it is one. */
export const WITHOUT_BUG: ConfigSubject = versionsMutant([], 'none').subject;

/** Throws at a text that it cannot read. */
const readUnguarded = (text: string): ReadConfig<ParsedConfig> => ({ ok: true, config: parseConfig(text) });

/** Finds the line of every line end by counting from the top. */
const readCountingLines = (text: string): ReadConfig<ParsedConfig> => {
  let lines = 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) {
    lines = 0;
    for (let above = text.indexOf('\n'); above < end; above = text.indexOf('\n', above + 1)) lines++;
  }
  return lines < 0 ? readUnguarded(text) : TRUTH.read(text);
};

/** Says that something is wrong, and not where. */
const readWithoutPlace = (text: string): ReadConfig<ParsedConfig> => {
  const result = TRUTH.read(text);
  return result.ok
    ? result
    : { ok: false, problems: result.problems.map((problem) => ({ ...problem, line: 0, column: 0 })) };
};

/** More would end the tests as it ended the workers. */
const MAX_SLOTS = 1_000_000;

/** The actuator of the outage of 8 November 2024: a weight becomes as many entries of a list. */
const actuateBySlots: ConfigSubject['actuate'] = (upstreams) => {
  const slots = upstreams.reduce((sum, { weight }) => sum + weight, 0);
  if (slots > MAX_SLOTS) throw new RangeError(`${slots} entries do not fit`);
  const balancer = new DownstreamBalancer(countingRuntime());
  balancer.actuate({ service: 'any', endpoints: upstreams.map(({ id, weight }) => ({ name: id, weight })) });
  return { refresh: () => balancer.refresh(), pick: () => balancer.pick() };
};

/** What is 0, or false, counts as left out. */
const printTruthy = ({ section }: ParsedConfig): string =>
  JSON.stringify(section, (_key, value) => value || undefined) ?? '{}';

/** Texts and numbers look alike without quotes, and a name may hold what separates names. */
const printWithoutQuotes = ({ section }: ParsedConfig): string => JSON.stringify(section).replaceAll('"', '');

/** Looks pools up in an object, which has names that nobody wrote. */
const findByObject = (given: References) => {
  const known: Record<string, unknown> = {};
  for (const { id } of given.pools) known[id] = true;
  return findReferenceProblems(given).filter(
    ({ path, message }) => !(message.startsWith('there is no pool') && nameIn(given, path) in known),
  );
};

const nameIn = ({ pools, routes }: References, [kind, index]: readonly (string | number)[]): string =>
  (kind === 'routes' ? routes[index as number]!.pool : pools[index as number]!.fallback) ?? '';

/** A pool that is there is good enough. */
const findMissingOnly = (given: References) =>
  findReferenceProblems(given).filter(({ message }) => !message.startsWith('nobody'));

/** What remains, of what there will be, instead of what there was. */
const guardByWhatRemains =
  <Config>({ measure, maxRemovedRatio = 0.25 }: CapacityGuardOptions<Config>): Guard<Config> =>
  (from, to) =>
    (measure(from) - measure(to)) / measure(to) > maxRemovedRatio ? 'too much' : null;

/** Counts the entries and not what they can serve. */
const guardByCount =
  <Config>({ maxRemovedRatio = 0.25 }: CapacityGuardOptions<Config>): Guard<Config> =>
  (from, to) => {
    const count = (config: Config): number => (config as unknown[]).length;
    return count(from) - count(to) > maxRemovedRatio * count(from) ? 'too much' : null;
  };

/** Doubling is fine, more is not. */
const guardAboveDouble =
  <Config>({ measure, floor = 1_024 }: SizeGuardOptions<Config>): Guard<Config> =>
  (from, to) => {
    const [small, large] = [measure(from), measure(to)].sort((a, b) => a - b) as [number, number];
    return large > 2 * Math.max(small, floor) ? 'too large' : null;
  };

/** Growth alone: an empty config passes. */
const guardGrowth =
  <Config>({ measure, floor = 1_024 }: SizeGuardOptions<Config>): Guard<Config> =>
  (from, to) =>
    measure(to) >= 2 * Math.max(measure(from), floor) ? 'too large' : null;

export const CONFIG_MUTANTS: readonly ConfigMutant[] = [
  mutant('read: throws at what it cannot read', ['P1'], { read: readUnguarded }),
  mutant('read: counts the lines from the top for every line', ['P1'], { read: readCountingLines }),
  mutant('read: does not say where', ['P1'], { read: readWithoutPlace }),
  mutant('actuate: makes a list entry of every unit of weight', ['P2'], { actuate: actuateBySlots }),
  mutant('print: leaves out what is 0', ['P3'], { print: printTruthy }),
  mutant('print: leaves out the quotes', ['P3'], { print: printWithoutQuotes }),
  mutant('references: looks names up in an object', ['P5'], { findReferenceProblems: findByObject }),
  mutant('references: is content with an empty pool', ['P5'], { findReferenceProblems: findMissingOnly }),
  versionsMutant(['P4'], 'builds what it has'),
  versionsMutant(['P7'], 'switches before it builds'),
  versionsMutant(['P7'], 'keeps what a refused plan built'),
  versionsMutant(['P7'], 'retires under requests'),
  versionsMutant(['P7', 'P12'], 'trusts version numbers'),
  versionsMutant(['P8'], 'forgets to retire'),
  versionsMutant(['P8'], 'remembers every version'),
  versionsMutant(['P8'], 'writes over the old config'),
  versionsMutant(['P9', 'P12'], 'has no fence'),
  versionsMutant(['P12'], 'takes half of an old plan'),
  mutant('capacity: measures by what remains', ['P10'], { capacityGuard: guardByWhatRemains }),
  mutant('capacity: counts upstreams, not weights', ['P10'], { capacityGuard: guardByCount }),
  mutant('size: lets exactly double pass', ['P11'], { sizeGuard: guardAboveDouble }),
  mutant('size: guards against growth alone', ['P11'], { sizeGuard: guardGrowth }),
];

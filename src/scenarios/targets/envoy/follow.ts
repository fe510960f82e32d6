/**
 * Brings a running Envoy to another state: it reads a file again when one is moved to its place, and its statistics say
 * when it has taken it. Clusters come before the routes to them and go after, so that no route leads nowhere meanwhile.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { sleep, wallClock } from '../../../core/clock.js';
import type { ProxySite, ProxyState, RunningProxy } from '../target.js';
import { CHECKED_FILE, discovered, FILES, translate } from './translate.js';
import type { Fields } from './words.js';

/** Its own log, in the folder of the run. */
export const LOG = 'envoy.log';

/** A file is read within milliseconds; new clusters are checked first, which takes as long as a check does. */
const TIMEOUT_MS = 15_000;
const LOOK_INTERVAL_MS = 20;

/** What counts how a file fared, by its name. */
export const statisticsOf = (file: string): string => {
  if (file === FILES.clusters) return 'cluster_manager.cds';
  if (file === FILES.listeners) return 'listener_manager.lds';
  if (file === FILES.routes) return 'http.ingress.rds.routes';
  return `cluster.${file.replace(/^eds-/, '').replace(/\.yaml$/, '')}`;
};

/** `name: value` lines of `GET /stats`. */
export const parseStatistics = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^(\S+): (\d+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(value)] as const];
    }),
  );

interface Step {
  readonly file: string;
  readonly text: string;
}

const resourcesIn = (text: string): readonly Fields[] => (parse(text) as { resources: Fields[] }).resources;

/** The new clusters, and of the old those that are not among them. */
const withOld = (before: string, after: string): string => {
  const wanted = resourcesIn(after);
  const names = new Set(wanted.map(({ name }) => name));
  return discovered([...wanted, ...resourcesIn(before).filter(({ name }) => !names.has(name))]);
};

type Files = Readonly<Record<string, string>>;

/** What is moved into place, one after another. */
export const stepsBetween = (before: Files, after: Files): Step[] => {
  const changed = (file: string): boolean => before[file] !== undefined && before[file] !== after[file];
  const { clusters, listeners, routes } = FILES;
  const known: readonly string[] = [...Object.values(FILES), CHECKED_FILE];
  const step = (file: string, text = after[file] ?? ''): Step[] => (changed(file) ? [{ file, text }] : []);
  const [old = '', wanted = ''] = [before[clusters], after[clusters]];
  const both = changed(clusters) ? withOld(old, wanted) : wanted;
  const isKept = (file: string): boolean => !known.includes(file) && before[file] !== undefined;
  return [
    ...step(clusters, both),
    ...Object.keys(after)
      .filter(isKept)
      .flatMap((file) => step(file)),
    ...step(listeners),
    ...step(routes),
    ...(both === wanted ? [] : step(clusters)),
  ];
};

const readStatistics = async ({ host, adminPort }: ProxySite): Promise<ReadonlyMap<string, number>> => {
  const response = await fetch(`http://${host}:${adminPort}/stats?usedonly=false`);
  return parseStatistics(await response.text());
};

/** What its log said last of a file that it did not take. */
export const refusalIn = (log: string): string =>
  [...log.matchAll(/Filesystem config update (?:rejected|failure): (.+)/g)].at(-1)?.[1] ??
  'it does not say why';

const refusal = ({ folder }: ProxySite, file: string): Error => {
  const log = join(folder, LOG);
  const said = refusalIn(existsSync(log) ? readFileSync(log, 'utf8') : '');
  return new Error(`Envoy does not take its config (${file}): ${said}`);
};

const take = async ({ file, text }: Step, { site, ending }: RunningProxy): Promise<void> => {
  const name = statisticsOf(file);
  const counter = (statistics: ReadonlyMap<string, number>, key: string): number =>
    statistics.get(`${name}.${key}`) ?? 0;
  const before = await readStatistics(site);
  const path = join(site.folder, file);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  const deadlineMs = wallClock.nowMs() + TIMEOUT_MS;
  for (;;) {
    const now = await readStatistics(site);
    const grew = (key: string): boolean => counter(now, key) > counter(before, key);
    if (grew('update_rejected') || grew('update_failure')) throw refusal(site, file);
    const isWarm =
      (now.get('cluster_manager.warming_clusters') ?? 0) === 0 &&
      (now.get('listener_manager.total_listeners_warming') ?? 0) === 0;
    if (grew('update_success') && isWarm) return;
    if (wallClock.nowMs() > deadlineMs) {
      throw new Error(`Envoy did not take ${file} within ${TIMEOUT_MS / 1_000}s`);
    }
    await sleep(wallClock, LOOK_INTERVAL_MS);
    ending.throwIfAborted();
  }
};

/** @throws Error with what Envoy has against a file; it then goes on with the one before. */
export const follow = async (running: RunningProxy, before: ProxyState, after: ProxyState): Promise<void> => {
  const { site, file } = running;
  if (basename(file) !== FILES.config) {
    throw new Error('runs a config of its own, which does not say who is drained');
  }
  const steps = stepsBetween(translate(before, site).files, translate(after, site).files);
  for (const step of steps) await take(step, running);
};

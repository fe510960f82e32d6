/** What must hold of one variant of a scenario file beyond its form, section by section. */
import type { Finding } from '../core/document/schema-problems.js';
import { thereAre } from '../core/nearest.js';
import { ThresholdError } from '../core/thresholds.js';
import { formatDuration, parseDurationMs, UnitError } from '../core/units.js';
import { findConfigProblems, findContradictions } from '../gateway/config/check.js';
import { resolveGatewayConfig } from '../gateway/config.js';
import { checkWorkerConfig, explainHeapLimit } from '../upstream/config.js';
import { deadPortIds } from '../upstream/dead-ports.js';
import { findDependencyProblems } from '../upstream/dependencies/config.js';
import { findMechanismProblems, maxWorkersOf, membersOf, workersOf } from '../upstream/fleet/mechanisms.js';
import { workerIds } from '../upstream/fleet.js';
import { findTtlProblem } from '../upstream/names/config.js';
import { type ClientClass, resolveClasses } from './clients/classes.js';
import { checkClientSide } from './clients/client-side.js';
import { selectorScopeOf } from './clients/selectors.js';
import { loadDurationMs, resolveLoad } from './clients/workload.js';
import { findFrontProblems, frontPlaces, securePlaces } from './front/config.js';
import { findIncidentProblems } from './incident/section.js';
import { parseThreshold, type ScenarioScope } from './metrics/thresholds.js';
import { explainUnmeasured, findOwnUpstreamProblems } from './own-upstreams.js';
import type { ScenarioFile, Window } from './scenario.js';
import type { DependencyKinds } from './timeline/dependencies.js';
import { checkEntry, type EntryScope } from './timeline/timeline.js';

/** A variant as it is written, right by the schema, with what its parts are checked against and resolved by. */
export interface VariantFile {
  readonly name: string;
  /** The scenario with the variant's overlay. */
  readonly file: ScenarioFile;
  readonly classes: readonly ClientClass[];
  /** Of its timeline. */
  readonly scope: EntryScope;
  readonly thresholdScope: ScenarioScope;
  /** Every variant of the scenario, by name. */
  readonly variants: readonly string[];
}

const dependencyKindsOf = ({ fleet: { dependencies = {} } }: ScenarioFile): DependencyKinds =>
  Object.fromEntries(Object.entries(dependencies).map(([name, { kind }]) => [name, kind]));

const scopeOf = (file: ScenarioFile): EntryScope => {
  const workers = workerIds(maxWorkersOf(file.fleet));
  return {
    workers,
    own: file.fleet.upstreams !== undefined,
    running: workersOf(file.fleet),
    ...(file.fleet.clusters !== undefined && { clusters: file.fleet.clusters }),
    ...(file.fleet.configReaders !== undefined && {
      configReaders: membersOf(file.fleet.configReaders, file.fleet),
    }),
    upstreams: [...workers, ...deadPortIds(file.fleet.deadPorts ?? 0)],
    named: file.names !== undefined,
    classes: Object.keys(file.clients?.classes ?? {}),
    dependencies: dependencyKindsOf(file),
    gateway: file.gateway ?? {},
    edge: file.edge === undefined ? null : (file.edge.gateway ?? {}),
    front: frontPlaces(file, file.gateway ?? {}),
    secure: securePlaces(file),
  };
};

/** @param variants every variant of the scenario, by name. */
export const readVariant = (name: string, file: ScenarioFile, variants: readonly string[]): VariantFile => {
  const classes = resolveClasses(file.clients, file.gateway);
  const windows = Object.keys(file.windows ?? {});
  const thresholdScope = { variants, windows, selectors: selectorScopeOf(classes) };
  return { name, file, classes, scope: scopeOf(file), thresholdScope, variants };
};

/** @throws UnitError for a text that is no span of time. */
export const parseWindow = (name: string, text: string): Window => {
  const [from, to, ...more] = text.split('..');
  if (more.length > 0) throw new UnitError(`expected a span such as 2s..8s, got "${text}"`);
  return { name, fromMs: parseDurationMs(from!), toMs: parseDurationMs(to!) };
};

const checkFleet = ({ fleet }: ScenarioFile): Finding[] => {
  const findings: Finding[] = [];
  const heapProblem = explainHeapLimit(fleet.memory?.heapLimit);
  if (heapProblem !== null) {
    findings.push({ path: ['fleet', 'memory', 'heapLimit'], message: heapProblem });
  }
  for (const { path, message } of findMechanismProblems(fleet)) {
    findings.push({ path: ['fleet', ...path], message });
  }
  const configProblem = fleet.config === undefined ? null : checkWorkerConfig(fleet.config);
  if (configProblem !== null) findings.push({ path: ['fleet', 'config'], message: configProblem });
  for (const { path, ...finding } of findDependencyProblems(fleet.dependencies)) {
    findings.push({ ...finding, path: ['fleet', 'dependencies', ...path] });
  }
  return findings;
};

const checkGateways = (file: ScenarioFile, { workers, upstreams = workers }: EntryScope): Finding[] => {
  const contradictions = findContradictions(file.gateway ?? {});
  const problems =
    contradictions.length > 0
      ? contradictions
      : findConfigProblems(resolveGatewayConfig(file.gateway), upstreams);
  const findings = problems.map(({ path, message }): Finding => ({ path: ['gateway', ...path], message }));
  findings.push(...findFrontProblems(file, file.gateway));
  const ttlProblem = file.names === undefined ? null : findTtlProblem(file.names);
  if (ttlProblem !== null) findings.push({ path: ['names', 'ttl'], message: ttlProblem });
  return findings;
};

const checkTimeline = ({ file, scope }: VariantFile, durationMs: number): Finding[] => {
  const findings: Finding[] = [];
  for (const [index, entry] of (file.timeline ?? []).entries()) {
    for (const { key, path = [], message, atKey = false } of checkEntry(entry, scope)) {
      const full = ['timeline', index, ...(key === '' ? [] : [key]), ...path];
      findings.push({ path: full, message, key: atKey });
    }
    if (parseDurationMs(entry.at) > durationMs) {
      const message = `is after the load ends, at ${durationMs / 1000}s`;
      findings.push({ path: ['timeline', index, 'at'], message });
    }
  }
  return findings;
};

/**
 * Each window that begins within another and ends after it: then neither says what its name promises. One that lies within
 * another as a whole is a closer look at a part of it, and meant.
 */
const findOverlaps = (windows: readonly Window[]): Finding[] => {
  const inOrder = windows.toSorted((a, b) => a.fromMs - b.fromMs);
  return inOrder.flatMap((window, index): Finding[] => {
    const under = inOrder
      .slice(0, index)
      .find(({ fromMs, toMs }) => fromMs < window.fromMs && window.fromMs < toMs && toMs < window.toMs);
    if (under === undefined) return [];
    const [ends, begins] = [formatDuration(under.toMs), formatDuration(window.fromMs)];
    const message = `overlaps ${under.name}, which ends at ${ends}: begin there, or end there; this begins at ${begins}`;
    return [{ path: ['windows', window.name], message }];
  });
};

const checkWindows = ({ windows = {} }: ScenarioFile, durationMs: number): Finding[] => {
  const findings: Finding[] = [];
  const spans: Window[] = [];
  for (const [name, text] of Object.entries(windows)) {
    const path = ['windows', name];
    try {
      const span = parseWindow(name, text);
      const { fromMs, toMs } = span;
      if (fromMs >= toMs) findings.push({ path, message: `ends before it begins: ${text}` });
      else spans.push(span);
      if (toMs > durationMs)
        findings.push({ path, message: `ends after the load does, at ${durationMs / 1000}s` });
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      findings.push({ path, message: error.message });
    }
  }
  return [...findings, ...findOverlaps(spans)];
};

const checkIncident = ({ incident }: ScenarioFile, durationMs: number): Finding[] =>
  findIncidentProblems(incident, durationMs).map(({ path, ...finding }) => ({
    ...finding,
    path: ['incident', ...path],
  }));

const checkThresholds = ({ name, file, variants, thresholdScope }: VariantFile): Finding[] => {
  const findings: Finding[] = [];
  for (const [variant, texts] of Object.entries(file.thresholds ?? {})) {
    if (!variants.includes(variant)) {
      const message = `there is no variant "${variant}"${thereAre(variant, variants)}`;
      findings.push({ path: ['thresholds', variant], message, key: true });
    }
    for (const [index, text] of variant === name ? texts.entries() : []) {
      try {
        const threshold = parseThreshold(text, thresholdScope);
        const unmeasured = file.fleet.upstreams === undefined ? null : explainUnmeasured(threshold);
        if (unmeasured !== null) findings.push({ path: ['thresholds', variant, index], ...unmeasured });
      } catch (error) {
        if (!(error instanceof ThresholdError)) throw error;
        const path = ['thresholds', variant, index];
        findings.push({ path, message: error.message, textColumn: error.column });
      }
    }
  }
  return findings;
};

/**
 * Everything that is wrong with a variant; paths from the top of the file.
 * @param remote whether upstreams of the user's own may be on other machines.
 */
export const checkVariant = (variant: VariantFile, remote: boolean): Finding[] => {
  const { file, scope, classes } = variant;
  const durationMs = loadDurationMs(resolveLoad(file.load));
  return [
    ...checkClientSide(file, classes),
    ...checkFleet(file),
    ...findOwnUpstreamProblems(file, remote),
    ...checkGateways(file, scope),
    ...checkTimeline(variant, durationMs),
    ...checkWindows(file, durationMs),
    ...checkIncident(file, durationMs),
    ...checkThresholds(variant),
  ];
};

/**
 * Reads a scenario file: YAML, then the schema, then what a schema cannot say. Everything that is wrong is reported at
 * once, each with the path, the line and the column, and how to mend it.
 */

import { DocumentError, type DocumentProblem, readDocument } from '../core/document/document.js';
import { findTooLong } from '../core/document/durations.js';
import { type Json, merge, type Override, overlayOf, parsePathValue } from '../core/document/overrides.js';
import { dotted, type Path } from '../core/document/positions.js';
import { checkSchema, type Finding } from '../core/document/schema-problems.js';
import { UserError } from '../core/errors.js';
import { ThresholdError } from '../core/thresholds.js';
import { parseDurationMs, parseRatio, parseSizeBytes, UnitError } from '../core/units.js';
import { findConfigProblems, findContradictions } from '../gateway/config/check.js';
import { resolveGatewayConfig } from '../gateway/config.js';
import { checkWorkerConfig, MIN_HEAP_LIMIT_BYTES, resolveFleetConfig } from '../upstream/config.js';
import { deadPortIds } from '../upstream/dead-ports.js';
import { findDependencyProblems } from '../upstream/dependencies/config.js';
import { findMechanismProblems, maxWorkersOf } from '../upstream/fleet/mechanisms.js';
import { resolveLinks } from '../upstream/links/config.js';
import { findTtlProblem, resolveStubNames } from '../upstream/names/config.js';
import { resolveClasses } from './client-classes.js';
import { checkClientSide, floodsOf, selectorsOf } from './client-side.js';
import { findFrontProblems, frontPlaces, resolveFront } from './front-config.js';
import {
  DEFAULT_SEED,
  DEFAULT_VARIANT,
  type Scenario,
  type ScenarioFile,
  ScenarioSchema,
  type Variant,
  type Window,
} from './scenario.js';
import { parseThreshold } from './thresholds.js';
import { checkEntry, type EntryScope, resolveEntry, type TimelineEntry } from './timeline.js';
import type { DependencyKinds } from './timeline-dependencies.js';
import { loadDurationMs, resolveLoad } from './workload.js';

/** @throws UserError for a text that is not PATH=VALUE, or not a value for every variant. */
export const parseOverride = (text: string): Override => {
  const override = parsePathValue(text, 'load.scale=0.5');
  if (override.path[0] === 'variants') {
    throw new UserError(
      'usage',
      `--set ${text}: a value set from outside holds for every variant; leave out "variants…"`,
    );
  }
  return override;
};

export interface ParseOptions {
  readonly seed?: number | undefined;
  readonly overrides?: readonly Override[];
}

const parseWindow = (name: string, text: string): Window => {
  const [from, to, ...more] = text.split('..');
  if (more.length > 0) throw new UnitError(`expected a span such as 2s..8s, got "${text}"`);
  return { name, fromMs: parseDurationMs(from!), toMs: parseDurationMs(to!) };
};

/** What must hold of one variant beyond its form. */
const workersOf = ({ fleet }: ScenarioFile): string[] =>
  Array.from({ length: maxWorkersOf(fleet) }, (_, index) => `worker-${index + 1}`);

const upstreamsOf = (file: ScenarioFile): string[] => [
  ...workersOf(file),
  ...deadPortIds(file.fleet.deadPorts ?? 0),
];

const dependencyKindsOf = ({ fleet: { dependencies = {} } }: ScenarioFile): DependencyKinds =>
  Object.fromEntries(Object.entries(dependencies).map(([name, { kind }]) => [name, kind]));

const scopeOf = (file: ScenarioFile): EntryScope => ({
  workers: workersOf(file),
  running: file.fleet.workers,
  ...(file.fleet.clusters !== undefined && { clusters: file.fleet.clusters }),
  upstreams: upstreamsOf(file),
  named: file.names !== undefined,
  dependencies: dependencyKindsOf(file),
  gateway: file.gateway ?? {},
  edge: file.edge === undefined ? null : (file.edge.gateway ?? {}),
  front: frontPlaces(file, file.gateway ?? {}),
});

const checkVariant = (file: ScenarioFile): Finding[] => {
  const findings: Finding[] = checkClientSide(file);
  const durationMs = loadDurationMs(resolveLoad(file.load));

  const heapLimit = file.fleet.memory?.heapLimit;
  if (heapLimit !== undefined && parseSizeBytes(heapLimit) < MIN_HEAP_LIMIT_BYTES) {
    findings.push({
      path: ['fleet', 'memory', 'heapLimit'],
      message: `must be at least 24MiB, or V8 has no room to serve in; got ${heapLimit}`,
    });
  }
  for (const { path, message } of findMechanismProblems(file.fleet)) {
    findings.push({ path: ['fleet', ...path], message });
  }
  const configProblem = file.fleet.config === undefined ? null : checkWorkerConfig(file.fleet.config);
  if (configProblem !== null) findings.push({ path: ['fleet', 'config'], message: configProblem });

  for (const { path, ...finding } of findDependencyProblems(file.fleet.dependencies)) {
    findings.push({ ...finding, path: ['fleet', 'dependencies', ...path] });
  }

  const contradictions = findContradictions(file.gateway ?? {});
  const gatewayProblems =
    contradictions.length > 0
      ? contradictions
      : findConfigProblems(resolveGatewayConfig(file.gateway), upstreamsOf(file));
  for (const { path, message } of gatewayProblems) findings.push({ path: ['gateway', ...path], message });
  findings.push(...findFrontProblems(file));

  const ttlProblem = file.names === undefined ? null : findTtlProblem(file.names);
  if (ttlProblem !== null) findings.push({ path: ['names', 'ttl'], message: ttlProblem });

  for (const [index, entry] of (file.timeline ?? []).entries()) {
    const scope = scopeOf(file);
    for (const { key, path = [], message, atKey = false } of checkEntry(entry, scope)) {
      const full = ['timeline', index, ...(key === '' ? [] : [key]), ...path];
      findings.push({ path: full, message, key: atKey });
    }
    if (parseDurationMs(entry.at) > durationMs) {
      findings.push({
        path: ['timeline', index, 'at'],
        message: `is after the load ends, at ${durationMs / 1000}s`,
      });
    }
  }
  for (const [name, text] of Object.entries(file.windows ?? {})) {
    const path = ['windows', name];
    try {
      const { fromMs, toMs } = parseWindow(name, text);
      if (fromMs >= toMs) findings.push({ path, message: `ends before it begins: ${text}` });
      if (toMs > durationMs)
        findings.push({ path, message: `ends after the load does, at ${durationMs / 1000}s` });
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      findings.push({ path, message: error.message });
    }
  }
  return findings;
};

const checkThresholds = (name: string, file: ScenarioFile, variants: readonly string[]): Finding[] => {
  const findings: Finding[] = [];
  const scope = { variants, windows: Object.keys(file.windows ?? {}), selectors: selectorsOf(file) };
  for (const [variant, texts] of Object.entries(file.thresholds ?? {})) {
    if (!variants.includes(variant)) {
      const message = `there is no variant "${variant}"; there are ${variants.join(', ')}`;
      findings.push({ path: ['thresholds', variant], message, key: true });
    }
    for (const [index, text] of variant === name ? texts.entries() : []) {
      try {
        parseThreshold(text, scope);
      } catch (error) {
        if (!(error instanceof ThresholdError)) throw error;
        findings.push({
          path: ['thresholds', variant, index],
          message: error.message,
          textColumn: error.column,
        });
      }
    }
  }
  return findings;
};

const isOfLinks = ({ action }: TimelineEntry): boolean =>
  action.type === 'toxic' || action.type === 'remove-toxic';

const resolveVariant = (name: string, file: ScenarioFile, variants: readonly string[]): Variant => {
  const load = resolveLoad(file.load);
  const windows = Object.entries(file.windows ?? {}).map(([window, text]) => parseWindow(window, text));
  const scope = { variants, windows: windows.map((window) => window.name), selectors: selectorsOf(file) };
  const durationMs = loadDurationMs(load);
  const timeline = (file.timeline ?? [])
    .map((entry) => resolveEntry(entry, scopeOf(file)))
    .sort((a, b) => a.atMs - b.atMs);
  return {
    name,
    seed: file.seed ?? DEFAULT_SEED,
    fleet: resolveFleetConfig(file.fleet),
    scope: scopeOf(file),
    gateway: resolveGatewayConfig(file.gateway),
    front: resolveFront(file),
    names: file.names === undefined ? null : resolveStubNames(file.names),
    links: file.links !== undefined || timeline.some(isOfLinks) ? resolveLinks(file.links) : null,
    clients: resolveClasses(file.clients, file.gateway),
    load,
    durationMs,
    settleMs: parseDurationMs(file.settle ?? '200ms'),
    timeline,
    floods: floodsOf(timeline, durationMs),
    windows,
    thresholds: (file.thresholds?.[name] ?? []).map((text) => parseThreshold(text, scope)),
  };
};

/**
 * Reads and checks a scenario.
 * @param file its name, for messages.
 * @throws DocumentError with everything that is wrong.
 */
export const parseScenario = (text: string, file: string, options: ParseOptions = {}): Scenario => {
  const { value: base, positions } = readDocument(text, file);
  const problems: DocumentProblem[] = [];

  /** @param variant where an overlay's own lines are looked for first. */
  const report = (findings: readonly Finding[], variant?: string): void => {
    for (const { path, message, key, textColumn } of findings) {
      const place = (candidate: Path) =>
        key ? positions.ofKey(candidate) : positions.of(candidate, textColumn);
      const inOverlay = variant === undefined ? undefined : place(['variants', variant, ...path]);
      const outside = options.overrides?.find((override) =>
        override.path.every((part, index) => part === path[index]),
      );
      if (outside !== undefined) {
        const problem = { path: dotted(path), line: 0, column: 0, message };
        if (!problems.some((other) => other.path === problem.path && other.line === 0))
          problems.push(problem);
        continue;
      }
      const full = inOverlay?.exact ? ['variants', variant!, ...path] : path;
      const { line, column } = inOverlay?.exact ? inOverlay : place(path);
      const problem = { path: dotted(full), line, column, message };
      const known = problems.some(
        (other) => other.path === problem.path && other.message === problem.message,
      );
      if (!known) problems.push(problem);
    }
  };

  report(checkSchema(base, ScenarioSchema));
  if (problems.length > 0) throw new DocumentError(file, problems);

  const overridden = (options.overrides ?? []).map(overlayOf);
  const { variants: overlays = {}, ...rest } = base as Json & { variants?: Record<string, Json | null> };
  const names = Object.keys(overlays).length > 0 ? Object.keys(overlays) : [DEFAULT_VARIANT];
  const files = names.map((name) => {
    const merged = overridden.reduce(merge, merge(rest, overlays[name] ?? {}));
    if (options.seed !== undefined) merged.seed = options.seed;
    return { name, merged };
  });
  for (const { name, merged } of files) {
    const found = checkSchema(merged, ScenarioSchema);
    // The gateway's own check looks at its section.
    const findings =
      found.length > 0
        ? found
        : findTooLong(ScenarioSchema, { ...merged, gateway: undefined, edge: undefined });
    report(findings, name);
    if (findings.length > 0) continue;
    report(checkVariant(merged as unknown as ScenarioFile), name);
    report(checkThresholds(name, merged as unknown as ScenarioFile, names), name);
  }
  if (problems.length > 0) throw new DocumentError(file, problems);

  const first = files[0]!.merged as unknown as ScenarioFile;
  return {
    name: first.name,
    title: first.title,
    story: first.story ?? '',
    reproduces: first.reproduces ?? [],
    seed: first.seed ?? DEFAULT_SEED,
    minBaselineAvailability: parseRatio(first.minBaselineAvailability ?? '99%'),
    variants: files.map(({ name, merged }) => resolveVariant(name, merged as unknown as ScenarioFile, names)),
  };
};

/**
 * Reads a scenario file: YAML, then the schema, then what a schema cannot say. Everything that is wrong is reported at
 * once, each with the path, the line and the column, and how to mend it.
 */
import { type Document, LineCounter, parse, parseDocument, visit } from 'yaml';
import { UserError } from '../core/errors.js';
import { ThresholdError } from '../core/thresholds.js';
import { parseDurationMs, parseRatio, parseSizeBytes, UnitError } from '../core/units.js';
import { resolveGatewayConfig } from '../gateway/config.js';
import { checkWorkerConfig, MIN_HEAP_LIMIT_BYTES, resolveFleetConfig } from '../upstream/config.js';
import { resolveClients } from './clients.js';
import { dotted, type Path, Positions } from './positions.js';
import {
  DEFAULT_SEED,
  DEFAULT_VARIANT,
  type Scenario,
  type ScenarioFile,
  type Variant,
  type Window,
} from './scenario.js';
import { checkSchema, type Finding } from './schema-problems.js';
import { parseThreshold } from './thresholds.js';
import { checkEntry, resolveEntry } from './timeline.js';
import { loadDurationMs, resolveLoad } from './workload.js';

export interface ScenarioProblem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export class ScenarioError extends UserError {
  readonly problems: readonly ScenarioProblem[];

  constructor(file: string, problems: readonly ScenarioProblem[]) {
    const lines = problems.map(({ path, line, column, message }) => {
      // Line 0: it was not in the file, but set from outside.
      const place = line === 0 ? '--set' : `${file}:${line}:${column}:`;
      return `${place} ${path === '' ? '' : `${path}: `}${message}`;
    });
    super('invalidScenario', lines.join('\n'));
    this.problems = problems;
  }
}

/** A value set from outside the file, such as `load.scale=0.5`; it wins over the file and over every variant. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** @throws UserError for a text that is not PATH=VALUE. */
export const parseOverride = (text: string): Override => {
  const equals = text.indexOf('=');
  const path = text.slice(0, equals).split('.');
  if (equals < 1 || path.some((key) => !/^[A-Za-z0-9-]+$/.test(key))) {
    throw new UserError('usage', `--set takes PATH=VALUE, such as load.scale=0.5, got "${text}"`);
  }
  if (path[0] === 'variants') {
    throw new UserError(
      'usage',
      `--set ${text}: a value set from outside holds for every variant; leave out "variants…"`,
    );
  }
  try {
    return { path, value: parse(text.slice(equals + 1)) };
  } catch (error) {
    throw new UserError('usage', `--set ${text}: ${(error as Error).message}`, { cause: error });
  }
};

export interface ParseOptions {
  readonly seed?: number | undefined;
  readonly overrides?: readonly Override[];
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Maps are merged, everything else is replaced. */
const merge = (base: Json, overlay: Json): Json => {
  const merged: Json = { ...base };
  for (const [key, value] of Object.entries(overlay)) {
    const below = merged[key];
    merged[key] = isObject(value) && isObject(below) ? merge(below, value) : value;
  }
  return merged;
};

const overlayOf = ({ path, value }: Override): Json =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Json;

const parseWindow = (name: string, text: string): Window => {
  const [from, to, ...more] = text.split('..');
  if (more.length > 0) throw new UnitError(`expected a span such as 2s..8s, got "${text}"`);
  return { name, fromMs: parseDurationMs(from!), toMs: parseDurationMs(to!) };
};

/** What must hold of one variant beyond its form. */
const checkVariant = (file: ScenarioFile): Finding[] => {
  const findings: Finding[] = [];
  const durationMs = loadDurationMs(resolveLoad(file.load));
  const workers = Array.from({ length: file.fleet.workers }, (_, index) => `worker-${index + 1}`);

  const heapLimit = file.fleet.memory?.heapLimit;
  if (heapLimit !== undefined && parseSizeBytes(heapLimit) < MIN_HEAP_LIMIT_BYTES) {
    findings.push({
      path: ['fleet', 'memory', 'heapLimit'],
      message: `must be at least 24MiB, or V8 has no room to serve in; got ${heapLimit}`,
    });
  }
  const configProblem = file.fleet.config === undefined ? null : checkWorkerConfig(file.fleet.config);
  if (configProblem !== null) findings.push({ path: ['fleet', 'config'], message: configProblem });

  for (const [index, entry] of (file.timeline ?? []).entries()) {
    for (const { key, message } of checkEntry(entry, workers)) {
      findings.push({ path: ['timeline', index, ...(key === '' ? [] : [key])], message });
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
  const scope = { variants, windows: Object.keys(file.windows ?? {}) };
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

const resolveVariant = (name: string, file: ScenarioFile, variants: readonly string[]): Variant => {
  const load = resolveLoad(file.load);
  const windows = Object.entries(file.windows ?? {}).map(([window, text]) => parseWindow(window, text));
  const scope = { variants, windows: windows.map((window) => window.name) };
  return {
    name,
    seed: file.seed ?? DEFAULT_SEED,
    fleet: resolveFleetConfig(file.fleet),
    gateway: resolveGatewayConfig(file.gateway),
    clients: resolveClients(file.clients),
    load,
    durationMs: loadDurationMs(load),
    settleMs: parseDurationMs(file.settle ?? '200ms'),
    timeline: (file.timeline ?? []).map(resolveEntry).sort((a, b) => a.atMs - b.atMs),
    windows,
    thresholds: (file.thresholds?.[name] ?? []).map((text) => parseThreshold(text, scope)),
  };
};

const unresolvedAliases = (document: Document): { name: string; offset: number }[] => {
  const found: { name: string; offset: number }[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) {
        found.push({ name: alias.source, offset: alias.range?.[0] ?? 0 });
      }
    },
  });
  return found;
};

/**
 * Reads and checks a scenario.
 * @param file its name, for messages.
 * @throws ScenarioError with everything that is wrong.
 */
export const parseScenario = (text: string, file: string, options: ParseOptions = {}): Scenario => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const positions = new Positions(document.contents, lines);
  if (document.errors.length > 0) {
    throw new ScenarioError(
      file,
      document.errors.map((error) => ({ path: '', ...positions.at(error.pos[0]), message: error.message })),
    );
  }
  const unresolved = unresolvedAliases(document);
  if (unresolved.length > 0) {
    throw new ScenarioError(
      file,
      unresolved.map(({ name, offset }) => ({
        path: '',
        ...positions.at(offset),
        message: `there is no anchor &${name} before this alias`,
      })),
    );
  }
  const base: unknown = document.toJS();
  const problems: ScenarioProblem[] = [];

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

  report(checkSchema(base));
  if (problems.length > 0) throw new ScenarioError(file, problems);

  const overridden = (options.overrides ?? []).map(overlayOf);
  const { variants: overlays = {}, ...rest } = base as Json & { variants?: Record<string, Json | null> };
  const names = Object.keys(overlays).length > 0 ? Object.keys(overlays) : [DEFAULT_VARIANT];
  const files = names.map((name) => {
    const merged = overridden.reduce(merge, merge(rest, overlays[name] ?? {}));
    if (options.seed !== undefined) merged.seed = options.seed;
    return { name, merged };
  });
  for (const { name, merged } of files) {
    const findings = checkSchema(merged);
    report(findings, name);
    if (findings.length > 0) continue;
    report(checkVariant(merged as unknown as ScenarioFile), name);
    report(checkThresholds(name, merged as unknown as ScenarioFile, names), name);
  }
  if (problems.length > 0) throw new ScenarioError(file, problems);

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

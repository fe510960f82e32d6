/**
 * Reads a scenario file: YAML, then the schema, then what a schema cannot say. Everything that is wrong is reported at
 * once, each with the path, the line and the column, and how to mend it.
 */
import { DocumentError, type DocumentProblem, readDocument } from '../core/document/document.js';
import { findTooLong } from '../core/document/durations.js';
import { applyOverride, isSetBy, merge, type Override, parsePathValue } from '../core/document/overrides.js';
import { dotted, type Path, type Positions } from '../core/document/positions.js';
import { checkSchema, type Finding } from '../core/document/schema-problems.js';
import { UserError } from '../core/errors.js';
import { isObject, type Json, leafPaths } from '../core/json.js';
import { parseDurationMs, parseRatio } from '../core/units.js';
import { resolveGatewayConfig } from '../gateway/config.js';
import { resolveFleetConfig } from '../upstream/config.js';
import { resolveLinks } from '../upstream/links/config.js';
import { resolveStubNames } from '../upstream/names/config.js';
import { floodsOf } from './clients/client-side.js';
import { loadDurationMs, resolveLoad } from './clients/workload.js';
import type { Engine } from './engines.js';
import { resolveFront } from './front/config.js';
import { findCauseProblems } from './incident/cause-check.js';
import { resolveIncident } from './incident/section.js';
import { parseThreshold } from './metrics/thresholds.js';
import { withOwnHealthCheck } from './own-health-check.js';
import {
  DEFAULT_SEED,
  DEFAULT_VARIANT,
  type Scenario,
  type ScenarioFile,
  ScenarioSchema,
  type Variant,
} from './scenario.js';
import { BUILT_IN } from './targets/choice.js';
import { resolveEntry, type TimelineEntry } from './timeline/timeline.js';
import { checkVariant, parseWindow, readVariant, type VariantFile } from './variant-check.js';
import { findUnmodelled } from './virtual/unmodelled.js';

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
  /** Who is to run it: what that engine cannot do is an error; default real, which can do everything. */
  readonly engine?: Engine | undefined;
  readonly seed?: number | undefined;
  readonly overrides?: readonly Override[];
  /** Whether upstreams of the user's own may be on other machines; default: on loopback only. */
  readonly remote?: boolean;
}

const isOfLinks = ({ action }: TimelineEntry): boolean =>
  action.type === 'toxic' || action.type === 'remove-toxic';

/** What a proxy does in some way or without, and no scenario is for because it has it. */
const IN_PASSING: readonly string[] = ['healthCheck', 'deadlineHeader'];

type Purpose = Pick<Variant, 'gatewayOverlay' | 'gatewayPolicies'>;

/** Of the gateway's section, what a variant is for. @param overlay `null`: there are no variants. */
const purposeOf = (
  { gateway = {} }: ScenarioFile,
  overlay: Json | null,
  overrides: readonly Override[],
): Purpose => {
  const laid = isObject(overlay?.gateway) ? leafPaths(overlay.gateway) : [];
  const set = overrides
    .filter(({ path }) => path[0] === 'gateway')
    .flatMap(({ path, value }) => leafPaths(value).map((below) => [...path.slice(1), ...below]));
  return {
    gatewayOverlay: [...laid, ...set].filter((path) => path.length > 0),
    gatewayPolicies: overlay === null ? Object.keys(gateway).filter((key) => !IN_PASSING.includes(key)) : [],
  };
};

/** @param read one that has been checked. */
const resolveVariant = (
  { name, file, scope, thresholdScope, classes }: VariantFile,
  purpose: Purpose,
): Variant => {
  const load = resolveLoad(file.load);
  const durationMs = loadDurationMs(load);
  const timeline = (file.timeline ?? [])
    .map((entry) => resolveEntry(entry, scope))
    .sort((a, b) => a.atMs - b.atMs);
  return {
    name,
    seed: file.seed ?? DEFAULT_SEED,
    fleet: resolveFleetConfig(file.fleet),
    scope,
    gateway: resolveGatewayConfig(scope.own ? withOwnHealthCheck(file.gateway ?? {}) : file.gateway),
    ...purpose,
    target: BUILT_IN,
    losses: [],
    front: resolveFront(file),
    names: file.names === undefined ? null : resolveStubNames(file.names),
    links: file.links !== undefined || timeline.some(isOfLinks) ? resolveLinks(file.links) : null,
    clients: classes,
    load,
    durationMs,
    settleMs: parseDurationMs(file.settle ?? '200ms'),
    timeline,
    floods: floodsOf(timeline, durationMs),
    windows: Object.entries(file.windows ?? {}).map(([window, text]) => parseWindow(window, text)),
    incident: resolveIncident(file.incident),
    thresholds: (file.thresholds?.[name] ?? []).map((text) => parseThreshold(text, thresholdScope)),
  };
};

const EMPTY = 'the file is empty; badgateway init writes one to start from';

/** Everything that is wrong with a file, each once, and where it is written. */
class ProblemList {
  readonly #positions: Positions;
  readonly #overrides: readonly Override[];
  readonly #problems: DocumentProblem[] = [];

  /** @param overrides what was set from outside: a mistake in it is on no line. */
  constructor(positions: Positions, overrides: readonly Override[]) {
    this.#positions = positions;
    this.#overrides = overrides;
  }

  /** @param variant where an overlay's own lines are looked for first. */
  add(findings: readonly Finding[], variant?: string): void {
    for (const finding of findings) {
      const problem = this.#locate(finding, variant);
      // A value from outside is wrong in every variant, and told of once.
      const known = this.#problems.some(
        ({ path, line, message }) => path === problem.path && (line === 0 || message === problem.message),
      );
      if (!known) this.#problems.push(problem);
    }
  }

  /** @throws DocumentError */
  throwIfAny(file: string): void {
    if (this.#problems.length > 0) throw new DocumentError(file, this.#problems);
  }

  #locate({ path, message, key, textColumn }: Finding, variant: string | undefined): DocumentProblem {
    if (this.#overrides.some((override) => isSetBy(override, path)))
      return { path: dotted(path), line: 0, column: 0, message };
    const place = (candidate: Path) =>
      key ? this.#positions.ofKey(candidate) : this.#positions.of(candidate, textColumn);
    const overlaid = variant === undefined ? path : ['variants', variant, ...path];
    const inOverlay = place(overlaid);
    const { line, column } = inOverlay.exact ? inOverlay : place(path);
    return { path: dotted(inOverlay.exact ? overlaid : path), line, column, message };
  }
}

/**
 * Reads and checks a scenario.
 * @param file its name, for messages.
 * @throws DocumentError with everything that is wrong.
 */
export const parseScenario = (text: string, file: string, options: ParseOptions = {}): Scenario => {
  const { value: base, positions } = readDocument(text, file);
  const overrides = options.overrides ?? [];
  const problems = new ProblemList(positions, overrides);
  if (base === null) problems.add([{ path: [], message: EMPTY }]);
  else problems.add(checkSchema(base, ScenarioSchema));
  problems.throwIfAny(file);

  const { variants: overlays = {}, ...rest } = base as Json & { variants?: Record<string, Json | null> };
  const names = Object.keys(overlays).length > 0 ? Object.keys(overlays) : [DEFAULT_VARIANT];
  const files = names.map((name) => {
    const merged = overrides.reduce(applyOverride, merge(rest, overlays[name] ?? {}));
    if (options.seed !== undefined) merged.seed = options.seed;
    return { name, merged };
  });
  const read: VariantFile[] = [];
  for (const { name, merged } of files) {
    const found = checkSchema(merged, ScenarioSchema);
    // The gateway's own check looks at its section.
    const findings =
      found.length > 0
        ? found
        : findTooLong(ScenarioSchema, { ...merged, gateway: undefined, edge: undefined });
    problems.add(findings, name);
    if (findings.length > 0) continue;
    const variant = readVariant(name, merged as unknown as ScenarioFile, names);
    problems.add(checkVariant(variant, options.remote ?? false), name);
    if (options.engine === 'virtual') problems.add(findUnmodelled(variant.file), name);
    read.push(variant);
  }
  problems.throwIfAny(file);

  const resolved = read.map((variant) => {
    const overlay = Object.keys(overlays).length === 0 ? null : (overlays[variant.name] ?? {});
    return resolveVariant(variant, purposeOf(variant.file, overlay, overrides));
  });
  for (const [index, findings] of findCauseProblems(resolved).entries()) {
    problems.add(findings, resolved[index]!.name);
  }
  problems.throwIfAny(file);

  const first = read[0]!.file;
  return {
    name: first.name,
    title: first.title,
    story: first.story ?? '',
    reproduces: first.reproduces ?? [],
    seed: first.seed ?? DEFAULT_SEED,
    minBaselineAvailability: parseRatio(first.minBaselineAvailability ?? '99%'),
    variants: resolved,
  };
};

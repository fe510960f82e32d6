/** `badgateway validate`: checks scenario files, and prints what they come to. */

import { isDeepStrictEqual } from 'node:util';
import { DocumentError } from '../core/document/document.js';
import { EXIT_CODES } from '../core/errors.js';
import { hostAndPort, isLoopbackHost } from '../core/http-address.js';
import type { Json } from '../core/json.js';
import { formatDuration, formatRatio } from '../core/units.js';
import { enginesOf, realTimeMs } from '../scenarios/library-list.js';
import { parseScenario } from '../scenarios/parse.js';
import type { Scenario, Variant } from '../scenarios/scenario.js';
import { actionText } from '../scenarios/timeline/action-text.js';
import type { Through } from '../scenarios/timeline/through.js';
import type { TimelineEntry } from '../scenarios/timeline/timeline.js';
import { annotateError } from './github.js';
import { findScenario, type ScenarioText } from './scenario-file.js';

const throughText = ({ asked, patienceMs, againMs }: Through): string =>
  `, through ${asked.path} (patience ${formatDuration(patienceMs)}, again after ${formatDuration(againMs)})`;

const entryText = ({ action, through }: TimelineEntry): string =>
  through === undefined ? actionText(action) : `${actionText(action)}${throughText(through)}`;

const populationLines = ({ load: { population } }: Variant): string[] => {
  if (population === undefined) return [];
  const { users, durationMs, think } = population;
  const thinking = `${think.distribution} with a mean of ${formatDuration(think.meanMs)}`;
  return [`    0ms..${formatDuration(durationMs)}: ${users} users, thinking ${thinking}`];
};

const classLines = ({ clients }: Variant): string[] => {
  if (clients[0]!.name === '') return [];
  return clients.map(({ name, shareRatio, tier, method, path, behaviour }) => {
    const of = tier === '' ? '' : `, ${tier}`;
    const tries = `${behaviour.attempts} ${behaviour.attempts === 1 ? 'try' : 'tries'}`;
    return `    ${name}: ${formatRatio(shareRatio)}${of}, ${method} ${path}, ${tries} in ${formatDuration(behaviour.patienceMs)}`;
  });
};

/** What the stages come to: the requests there will be about, and the highest rate. */
const totalLine = ({ load: { stages } }: Variant): string[] => {
  if (stages.length === 0) return [];
  const requests = stages.reduce(
    (sum, { fromRps, toRps, durationMs }) => sum + ((fromRps + toRps) / 2) * (durationMs / 1000),
    0,
  );
  const highest = Math.max(...stages.flatMap(({ fromRps, toRps }) => [fromRps, toRps]));
  return [`    in all about ${Math.round(requests)} requests, at most ${highest}/s`];
};

const upstreamLines = ({ fleet: { upstreams }, scope: { workers } }: Variant): string[] =>
  (upstreams ?? []).map((address, index) => {
    const remote = isLoopbackHost(address.host) ? '' : ', not on this machine: run it with --remote';
    return `    ${workers[index]}: ${hostAndPort(address)}${remote}`;
  });

const windowLines = ({ windows }: Variant): string[] =>
  windows.map(({ name, fromMs, toMs }) => `    ${name}: ${formatDuration(fromMs)}..${formatDuration(toMs)}`);

/** A title, the lines below it, and what two that read alike may differ in. */
type Section = readonly [title: string, lines: readonly string[], beneath?: unknown];

/** Of a push to a gateway, what it lays over the variant's own section: two variants whose sections differ push the same. */
const asWritten = (entry: TimelineEntry, { scope }: Variant): unknown => {
  const { action } = entry;
  if (action.type !== 'push-gateway-config') return entry;
  const own = (action.to === 'gateway' ? scope.gateway : (scope.edge ?? {})) as Json;
  const config = Object.entries(action.config).filter(([key, value]) => !isDeepStrictEqual(value, own[key]));
  return { ...entry, action: { ...action, config } };
};

const sectionsOf = (variant: Variant): Section[] => {
  let startMs = 0;
  const load = variant.load.stages.map(({ fromRps, toRps, durationMs }) => {
    const span = `${formatDuration(startMs)}..${formatDuration(startMs + durationMs)}`;
    startMs += durationMs;
    const rate = fromRps === toRps ? `${fromRps}/s` : `${fromRps}/s rising or falling to ${toRps}/s`;
    return `    ${span}: ${rate}, ${variant.load.arrivals}`;
  });
  const timeline = variant.timeline.map((entry) => `    ${formatDuration(entry.atMs)}: ${entryText(entry)}`);
  return [
    ['upstreams', upstreamLines(variant)],
    ['load', [...load, ...totalLine(variant), ...populationLines(variant)]],
    ['clients', classLines(variant), variant.clients],
    ['timeline', timeline, variant.timeline.map((entry) => asWritten(entry, variant))],
    ['windows', windowLines(variant)],
    ['thresholds', variant.thresholds.map(({ text }) => `    ${text}`)],
  ];
};

/** What is as in the first variant is not said again: what differs is what a variant is there for. */
const variantLines = (variant: Variant, first: Variant): string[] => {
  const known = sectionsOf(first);
  const lines = sectionsOf(variant).flatMap(([title, below, beneath], index) => {
    const [, firstBelow, firstBeneath] = known[index]!;
    if (below.length === 0) return firstBelow.length === 0 ? [] : [`   ${title}: none`];
    const isSame =
      variant !== first &&
      below.join('\n') === firstBelow.join('\n') &&
      isDeepStrictEqual(beneath, firstBeneath);
    return isSame ? [`   ${title}: as in ${first.name}`] : [`   ${title}`, ...below];
  });
  return [`  ${variant.name}`, ...lines];
};

const render = ({ file, text }: ScenarioText, scenario: Scenario): string => {
  const takes = `takes about ${formatDuration(realTimeMs(scenario))} in real time`;
  const engines = enginesOf(text, file).join(' and ');
  const head = `${file}: ${scenario.name} is valid; ${takes}; engines: ${engines}`;
  return [
    head,
    ...scenario.variants.flatMap((variant) => variantLines(variant, scenario.variants[0]!)),
    '',
  ].join('\n');
};

/** Nothing is sent anywhere: wherever upstreams of the user's own are, they may be checked. */
const CHECKED = { remote: true };

export const validateFiles = (files: readonly string[]): number => {
  let failed = false;
  for (const name of files) {
    const found = findScenario(name);
    try {
      process.stdout.write(render(found, parseScenario(found.text, found.file, CHECKED)));
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      annotateError(error);
      process.stderr.write(`${error.message}\n`);
      failed = true;
    }
  }
  return failed ? EXIT_CODES.invalidScenario : EXIT_CODES.pass;
};

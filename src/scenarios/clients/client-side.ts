/** The clients' side of a scenario file as a whole: clients, load and floods, checked together and resolved. */
import type { Finding } from '../../core/document/schema-problems.js';
import type { ScenarioFile } from '../scenario.js';
import { resolveFlood } from '../timeline/clients.js';
import type { TimelineEntry } from '../timeline/timeline.js';
import { type ClientClass, checkClients, explainIdentities } from './classes.js';
import type { FloodPlan } from './flood.js';
import { checkLoad } from './workload.js';

const below = (section: string, findings: readonly Finding[]): Finding[] =>
  findings.map((finding) => ({ ...finding, path: [section, ...finding.path] }));

const checkIdentities = ({ timeline = [] }: ScenarioFile, classes: readonly ClientClass[]): Finding[] => {
  const floods = timeline.map(({ flood }) => (flood === undefined ? 0 : resolveFlood(flood, 0).identities));
  const flooding = floods.reduce((sum, count) => sum + count, 0);
  const message = explainIdentities(classes, flooding);
  if (message === null) return [];
  const last = floods.findLastIndex((count) => count > 0);
  return [{ path: last === -1 ? ['clients'] : ['timeline', last, 'flood'], message }];
};

/** What the schema cannot say, but of the timeline's entries one by one. */
export const checkClientSide = (file: ScenarioFile, classes: readonly ClientClass[]): Finding[] => [
  ...below('clients', checkClients(file.clients ?? {})),
  ...below('load', checkLoad(file.load)),
  ...checkIdentities(file, classes),
];

/** The floods of a timeline, in its order. One that goes on beyond the load ends with it. */
export const floodsOf = (timeline: readonly TimelineEntry[], durationMs: number): FloodPlan[] =>
  timeline.flatMap(({ atMs, action }) =>
    action.type === 'flood'
      ? [{ ...action.plan, durationMs: Math.min(action.plan.durationMs, durationMs - atMs) }]
      : [],
  );

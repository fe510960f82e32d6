/** What a timeline's entries may say of config: what is pushed, and how it goes out. */
import { type Json, merge } from '../core/document/overrides.js';
import { checkSchema, type Finding } from '../core/document/schema-problems.js';
import { STRATEGY_NAMES } from '../delivery/strategy.js';
import { findStrategyProblems, TRAFFIC_STRATEGY_NAMES } from '../delivery/traffic-strategy.js';
import { findConfigProblems, findContradictions, findFixedChanges } from '../gateway/config/check.js';
import { GatewaySchema, type GatewaySection, resolveGatewayConfig } from '../gateway/config.js';
import { checkWorkerConfig, type WorkerConfig, WorkerConfigSchema } from '../upstream/config.js';
import type { EntryProblem, TimelineEntrySection } from './timeline.js';

/** Strategies by who gets the config. */
const STRATEGIES_OF: Readonly<Record<'workers' | 'gateway' | 'edge', readonly string[]>> = {
  workers: STRATEGY_NAMES,
  gateway: TRAFFIC_STRATEGY_NAMES,
  edge: TRAFFIC_STRATEGY_NAMES,
};

const belowPush = ({ path, message, key = false }: Finding): EntryProblem => ({
  key: 'push-config',
  path,
  message,
  atKey: key,
});

export const checkWorkerPush = (pushed: Json): EntryProblem[] => {
  const findings = checkSchema(pushed, WorkerConfigSchema);
  if (findings.length > 0) {
    return findings.map(belowPush);
  }
  const problem = checkWorkerConfig(pushed as unknown as WorkerConfig);
  return problem === null ? [] : [{ key: 'push-config', message: problem }];
};

/** @param running the section that the push is laid over. @param upstreams of whoever gets it. */
export const checkGatewayPush = (
  pushed: Json,
  running: GatewaySection,
  upstreams: readonly string[],
): EntryProblem[] => {
  const section = merge(running, pushed);
  const findings = checkSchema(section, GatewaySchema);
  if (findings.length > 0) return findings.map(belowPush);
  const contradictions = findContradictions(section);
  if (contradictions.length > 0) return contradictions.map(belowPush);
  const config = resolveGatewayConfig(section);
  return [
    ...findFixedChanges(resolveGatewayConfig(running), config),
    // What may be approved is what such an entry is there to show.
    ...findConfigProblems(config, upstreams).filter(({ approvable }) => !approvable),
  ].map(belowPush);
};

export const checkStrategy = (entry: TimelineEntrySection, action: string): EntryProblem[] => {
  const { to = 'workers', strategy } = entry;
  const problems: EntryProblem[] = [];
  if (strategy !== undefined && !STRATEGIES_OF[to].includes(strategy)) {
    const message = `${strategy} does not go to ${to}; use ${STRATEGIES_OF[to].join(' or ')}`;
    problems.push({ key: 'strategy', message });
  }
  if (action === 'rollback-config' && strategy === 'canary') {
    problems.push({ key: 'strategy', message: 'a rollback has no gate to pass: use all-at-once or rolling' });
  }
  if (to !== 'workers' && entry.staged !== undefined) {
    for (const { path, message } of findStrategyProblems({ staged: entry.staged })) {
      problems.push({ key: 'staged', path: path.slice(1), message });
    }
  }
  return problems;
};

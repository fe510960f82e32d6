/** Events that change the world, named shortly, to stand in a chart. */
import type { VariantResult } from '../../scenarios/result.js';
import type { Mark } from '../app/parts/plot-data.js';

type Fields = Readonly<Record<string, unknown>>;

const PLACE: Readonly<Record<string, string>> = { gateway: ' (gateway)' };

const LABELS: Readonly<Record<string, (fields: Fields) => string>> = {
  'config.pushed': ({ version, to }) => `v${version} pushed${PLACE[String(to)] ?? ''}`,
  'config.rolled-back': ({ version, to }) => `rolled back to v${version}${PLACE[String(to)] ?? ''}`,
  'config.locked': () => 'config locked',
  'fault.injected': ({ fault }) => String(fault),
  'fault.healed': ({ fault, reason }) => (reason === 'restarted' ? '' : `${fault} healed`),
  'link.toxic-added': ({ toxic }) => `link: ${toxic}`,
  'dependency.disturbed': ({ dependency, fault }) => `${dependency}: ${fault}`,
  'dependency.recovered': ({ dependency }) => `${dependency} recovered`,
  'name.lookup-failed': () => 'DNS fails',
  'name.recovered': () => 'DNS again',
  'name.changed': () => 'DNS changed',
  'certificate.replaced': ({ as }) => `certificate ${as}`,
  'gateway.disrupted': ({ gateway, how }) => `${gateway}: ${how}`,
  'gateway.recovered': ({ gateway }) => `${gateway} again`,
  'clients.updated': () => 'clients updated',
  'clients.reverted': () => 'clients as before',
  'flood.began': () => 'flood',
  'flood.ended': () => 'flood over',
  'deploy.began': ({ version }) => `deploy v${version}`,
  'deploy.finished': ({ version }) => `v${version} deployed`,
  'deploy.rolled-back': ({ version }) => `deploy back to v${version}`,
  'fleet.scaled': ({ to }) => `${to} workers`,
  'panic.began': () => 'panic',
};

/** Only the first time that it happens is marked. */
const FIRST: Readonly<Record<string, string>> = {
  'worker.exited': 'first death',
  'circuit.opened': 'first circuit open',
  'upstream.ejected': 'first ejection',
};

/** What is done to several workers at one moment is one mark. */
const ONE_MOMENT_S = 0.25;

/** A label that comes so often says no more each time. */
const MAX_OF_A_KIND = 6;

export const marksOf = ({ events, durationMs }: Pick<VariantResult, 'events' | 'durationMs'>): Mark[] => {
  const marks: Mark[] = [];
  const seen = new Map<string, { count: number; atS: number }>();
  for (const event of events) {
    const once = FIRST[event.type];
    const label = once ?? LABELS[event.type]?.(event as unknown as Fields) ?? '';
    if (label === '' || event.t < 0 || event.t > durationMs / 1_000) continue;
    const { count, atS } = seen.get(label) ?? { count: 0, atS: Number.NEGATIVE_INFINITY };
    if (once !== undefined ? count > 0 : event.t - atS <= ONE_MOMENT_S || count >= MAX_OF_A_KIND) continue;
    seen.set(label, { count: count + 1, atS: event.t });
    marks.push({ atS: event.t, label });
  }
  return marks.sort((a, b) => a.atS - b.atS);
};

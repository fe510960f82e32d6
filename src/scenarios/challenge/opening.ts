/** What somebody on call sees without asking: how it is set up, curves, statuses, alerts, the workers now, and what was told. */
import type { Event } from '../../core/events.js';
import { textTable } from '../../core/text-table.js';
import { formatDuration, formatRatio } from '../../core/units.js';
import { gatewayEventText } from '../report/event-text.js';
import { sparkAxis, sparkline, sparkScale } from '../report/sparkline.js';
import type { VariantResult } from '../result.js';
import { ofType } from '../result-events.js';
import type { Challenge } from './challenge.js';
import { CURVE_COLUMNS, curve, seconds } from './lines.js';
import { hasThirdParty } from './scene.js';
import { untilNow } from './until-now.js';

/** A part of what is shown: text, line by line. */
export interface View {
  readonly title: string;
  readonly lines: readonly string[];
  /** The lines as cells, where they are a table: the first row is the head. */
  readonly table?: readonly (readonly string[])[];
  /** The lines are drawn; whoever can draw better has the numbers (`pictures.ts`). */
  readonly isPicture?: true;
}

/** Of the gateway's section as it is written, what a view says. */
interface GatewayText {
  readonly balancer: string;
  readonly timeouts: { readonly attempt: string };
  readonly concurrency?: { readonly limit: number };
  readonly healthCheck: { readonly type: string; readonly path?: string };
}

const setupView = ({ scene, base }: Challenge): View => {
  const { balancer, healthCheck, timeouts, concurrency } = base.gateway as unknown as GatewayText;
  const check = healthCheck.type === 'tcp' ? 'whether it can connect' : (healthCheck.path ?? '/healthz');
  return {
    title: 'The system',
    lines: [
      `${scene.workers.length} workers with ${scene.slots} slots each; a request takes ${scene.meanMs} ms on average`,
      `gateway: ${balancer}; an attempt may take ${timeouts.attempt}; health checks ask ${check}, twice a second`,
      ...(concurrency === undefined
        ? []
        : [`at most ${concurrency.limit} requests in flight at each worker`]),
      ...(hasThirdParty(scene)
        ? ['three requests in four are for /browse, one is for /pay, which calls a third party']
        : []),
    ],
  };
};

const curvesView = (now: VariantResult): View => {
  const scale = sparkScale([now], CURVE_COLUMNS);
  const [bars, marks] = sparkline(now, scale);
  const perSecond = 1_000 / now.bucketMs;
  const top = Math.max(...now.series.map(({ offered }) => offered)) * perSecond;
  const p99 = now.series.map(({ latencyMs }) => latencyMs.p99);
  const label = (text: string): string => text.padEnd(14);
  return {
    title: 'Curves, until now',
    isPicture: true,
    lines: [
      `${label('')}${sparkAxis(scale)}`,
      `${label('asked for')}${curve(now.series.map(({ offered }) => offered))}  up to ${Math.round(top)}/s`,
      `${label('good answers')}${bars}`,
      `${label('most frequent')}${marks}  2: 502, 3: 503, 4: 504, o: another, x: none`,
      `${label('p99')}${curve(p99)}  up to ${formatDuration(Math.max(...p99))}`,
    ],
  };
};

const statusView = (result: VariantResult, now: VariantResult): View => {
  const { status = {}, requests = 0, classes = {} } = result.windows.outage ?? {};
  const failed = Object.entries(status).filter(([key]) => !/^[23]/.test(key));
  const shares = failed
    .sort(([, a], [, b]) => b - a)
    .map(([key, count]) => `${key === 'none' ? 'no answer' : key} for ${formatRatio(count / requests)}`);
  const first = Object.entries(now.firstStatusMs)
    .filter(([key]) => !/^[123]/.test(key))
    .sort(([, a], [, b]) => a - b)
    .map(([key, ms]) => `${key === 'none' ? 'no answer' : key} at ${formatDuration(ms)}`);
  return {
    title: 'What clients get',
    lines: [
      `since it began: ${shares.length === 0 ? 'no failures' : shares.join(', ')}`,
      `first: ${first.slice(0, 3).join(', ')}`,
      ...Object.entries(classes).map(
        ([name, one]) => `/${name}: ${formatRatio(one.availability ?? 0)} good answers`,
      ),
    ],
  };
};

const alertsView = ({ alerts }: VariantResult): View => ({
  title: 'Alerts',
  lines:
    alerts.length === 0
      ? ['none']
      : alerts.slice(0, MAX_ALERTS).map(({ raisedMs, reason }) => `${seconds(raisedMs)}  ${reason}`),
});

const MAX_ALERTS = 6;

const workersView = ({ scene }: Challenge, now: VariantResult): View => {
  const deaths = ofType(now, 'worker.exited');
  const known = now.series.at(-1)?.workers ?? [];
  const limit = now.heapLimitBytes ?? 0;
  const rows = known
    .filter(({ worker }) => scene.workers.includes(worker))
    .map(({ worker, heapBytes, busy, queued }) => [
      worker,
      ...(heapBytes === null
        ? ['down', '–', '–', '–']
        : [
            'up',
            formatRatio(limit === 0 ? 0 : heapBytes / limit),
            `${busy} of ${scene.slots}`,
            String(queued),
          ]),
      String(deaths.filter(({ fields }) => fields.worker === worker).length),
    ]);
  const table = [['', 'process', 'heap', 'slots in use', 'waiting', 'deaths'], ...rows];
  return { title: 'Workers, now', lines: textTable(table), table };
};

/** What a monitor tells: signs, and no causes. Changes of config and workers are not among them: somebody has to ask. */
const TOLD: ReadonlySet<string> = new Set([
  'worker.exited',
  'upstream.turned-unhealthy',
  'upstream.turned-healthy',
  'upstream.ejected',
  'upstream.unejected',
  'circuit.opened',
  'circuit.closed',
  'panic.began',
  'panic.ended',
]);

const MAX_EVENTS = 10;

const eventsView = ({ events }: VariantResult): View => {
  // Everybody is healthy when it begins.
  const told = events
    .filter(({ t, type }) => t > 0 && TOLD.has(type))
    .map((event) => ({ t: event.t, text: gatewayEventText(event as unknown as Event) ?? event.type }));
  const more = told.length - MAX_EVENTS;
  return {
    title: 'Events',
    lines: [
      ...(told.length === 0 ? ['none'] : []),
      ...told.slice(0, MAX_EVENTS).map(({ t, text }) => `${seconds(t * 1_000)}  ${text}`),
      ...(more > 0 ? [`        and ${more} more like these`] : []),
    ],
  };
};

/** What is free. @param result of the run in which nothing was done. */
export const openingViews = (challenge: Challenge, result: VariantResult): View[] => {
  const now = untilNow(result, challenge.times.actMs);
  return [
    setupView(challenge),
    curvesView(now),
    statusView(result, now),
    alertsView(now),
    workersView(challenge, now),
    eventsView(now),
  ];
};

/**
 * What a target cannot do of a variant. Whatever it lacks is shown beside its numbers. If it lacks something that the
 * variant lays over its scenario (or one of the section's policies, where there are no variants), or that the timeline asks
 * of gateways, then the variant cannot show there what it is for: it is not run, and its thresholds are skipped.
 */

import { leafPaths } from '../../core/json.js';
import { resolveListener } from '../../gateway/config/listener.js';
import { type GatewayConfig, type GatewaySection, resolveGatewayConfig } from '../../gateway/config.js';
import type { Variant } from '../scenario.js';
import type { TimelineEntry } from '../timeline/timeline.js';
import { type Target, targetTitle } from './choice.js';
import type { Loss, ProxySite, ProxyState, ProxyUpstream } from './target.js';

/** Of a variant, what a target has to do with. */
type Placed = Pick<Variant, 'front' | 'timeline' | 'names' | 'fleet' | 'gateway'> & {
  readonly scope: Pick<Variant['scope'], 'gateway' | 'workers' | 'upstreams'>;
};

/** Of a variant, what says what it is for. */
type Needing = Pick<Variant, 'gatewayOverlay' | 'gatewayPolicies' | 'timeline'>;

/** Which upstreams there are, and whether they have names. */
type Upstreams = Pick<Placed, 'scope' | 'names'>;

/** A section as it is written, and what it comes to. */
interface Asked {
  readonly section: GatewaySection;
  readonly config: GatewayConfig;
}

/** Nothing is written there: what is wanted are the losses. */
const NOWHERE: ProxySite = {
  ...{ host: '127.0.0.1', port: 80, adminPort: 81, folder: '/nowhere' },
  ...{ resolver: undefined, purpose: 'run' },
};

const SOME_RESOLVER = '127.0.0.1:53';

const TIMELINE = 'timeline';
const PUSH = 'push-config';

/** Keys that say how the built-in gateway is made, and not what it does. */
const OF_OURS: readonly string[] = ['profile', 'processes'];

/** Ports of examples, one after another. */
const FIRST_PORT = 9001;

/** The upstreams that a variant's gateway has, at addresses that are examples. */
export const variantUpstreams = (
  { upstreams: placed }: Pick<GatewayConfig, 'upstreams'>,
  { workers, upstreams = workers }: Pick<Variant['scope'], 'workers' | 'upstreams'>,
): ProxyUpstream[] =>
  upstreams.map((id, index) => {
    const { weight = 1, priority = 0 } = placed[id] ?? {};
    return { id, host: '127.0.0.1', port: FIRST_PORT + index, weight, priority, drained: false };
  });

/** Where upstreams have names, a proxy may have fewer ways to deal with them. */
const stateOf = (config: GatewayConfig, { scope, names }: Upstreams): ProxyState => {
  const upstreams = variantUpstreams(config, scope);
  if (names === null) return { config, upstreams };
  return { config, upstreams: upstreams.map((one) => ({ ...one, host: `${one.id}.${names.zone}` })) };
};

/** Everything that a section says is lost. */
const allOf = (section: GatewaySection, text: string): Loss[] =>
  Object.keys(section)
    .filter((key) => !OF_OURS.includes(key))
    .map((key) => ({ path: [key], text, degree: 'missing' }));

const sectionLosses = ({ section, config }: Asked, target: Target, around: Upstreams): readonly Loss[] => {
  switch (target.kind) {
    case 'gateway':
      return [];
    case 'naive':
      return allOf(section, 'plain reply-from has its own defaults, and nothing else');
    case 'direct':
      return allOf(section, 'clients go to the workers themselves');
    case 'url':
      return allOf(section, 'that gateway is configured by somebody else');
    case 'proxy':
      return target.own === null
        ? target.program.proxy.translate(stateOf(config, around), {
            ...NOWHERE,
            resolver: around.names === null ? undefined : SOME_RESOLVER,
          }).losses
        : allOf(section, `${target.own.file} stands as it is`);
  }
};

/** What the timeline wants of gateways, and the target has no means for. */
const entryLosses = ({ action }: TimelineEntry, target: Target, around: Upstreams): readonly Loss[] => {
  if ('to' in action && action.to === 'edge') return [];
  const missing = (what: string, text: string): Loss[] => [
    { path: [TIMELINE, what], text, degree: 'missing' },
  ];
  const title = targetTitle(target);
  const isOurs = target.kind === 'naive';
  const takesConfigs = target.kind === 'proxy' && target.own === null;
  switch (action.type) {
    case 'push-gateway-config': {
      if (!takesConfigs) return missing(PUSH, `${title} takes no config while it runs`);
      const strategy = action.strategy.strategy ?? 'all-at-once';
      const section = action.config as GatewaySection;
      return [
        ...sectionLosses({ section, config: resolveGatewayConfig(section) }, target, around).map(
          (loss): Loss => ({ ...loss, path: [TIMELINE, PUSH, ...loss.path] }),
        ),
        ...(strategy === 'all-at-once'
          ? []
          : missing(
              'push-config',
              `${title} takes a config for all of its traffic, so ${strategy} is refused`,
            )),
        ...(action.smokeTest === undefined
          ? []
          : missing('smokeTest', `${title} answers nothing by a config before it has taken it`)),
      ];
    }
    case 'rollback-gateway-config':
      return takesConfigs ? [] : missing('rollback-config', `${title} takes no config while it runs`);
    case 'purge-cache':
      return missing('purge-cache', `no command empties the cache of ${title}`);
    case 'certificate':
      return missing('certificate', `certificates of ${title} are not replaced while it runs`);
    case 'disrupt':
      if (target.kind === 'direct' || target.kind === 'url') {
        return missing('disrupt', `there is no gateway of this run’s to ${action.kind}`);
      }
      return action.kind === 'block' && !isOurs
        ? [{ path: [TIMELINE, 'disrupt'], text: `${title} is stopped for as long`, degree: 'otherwise' }]
        : [];
    default:
      return [];
  }
};

const frontLosses = ({ front, names, scope }: Placed, target: Target): Loss[] => {
  const losses: Loss[] = [];
  const missing = (key: string, text: string): void => {
    losses.push({ path: [TIMELINE, key], text, degree: 'missing' });
  };
  const title = targetTitle(target);
  if (front.tls && target.kind !== 'proxy') missing('tls', `clients speak plain HTTP to ${title}`);
  if (front.tls && target.kind === 'proxy' && target.own !== null) {
    missing('tls', `${target.own.file} has no place for the certificate of a run`);
  }
  if ((target.kind === 'direct' || target.kind === 'url') && front.edge !== null) {
    missing('edge', 'the edge before the gateways is left out too');
  }
  if (target.kind === 'direct' && names !== null) {
    missing('names', 'clients are given the addresses of workers, and ask for no names');
  }
  if (target.kind === 'url' && names !== null) missing('names', `${title} does not ask this run’s resolver`);
  if (target.kind === 'direct' && scope.gateway.upstreamTls !== undefined) {
    missing('upstreamTls', 'clients speak plain HTTP, and the upstreams do not');
  }
  return losses;
};

/** Who goes on to workers that are to get nothing, since nobody can be told; `null`: there is somebody to tell. */
const untold = (target: Target): string | null => {
  if (target.kind === 'direct') return 'clients';
  if (target.kind === 'url') return targetTitle(target);
  const isOwn = target.kind === 'proxy' && target.own !== null;
  return isOwn && !target.program.proxy.drainsOwn ? `requests through ${targetTitle(target)}` : null;
};

/** What of the fleet wants somebody to be told who gets nothing, and there is nobody to tell. */
const drainLosses = ({ fleet, timeline }: Placed, target: Target): Loss[] => {
  const who = untold(target);
  if (who === null) return [];
  const isSpare = fleet.maxWorkers > fleet.workers;
  const wanted = [
    ['maxWorkers', isSpare && 'go to places where no worker runs, and get resets there'],
    ['readiness', fleet.readiness !== null && 'go to workers that are not ready'],
    ['recycle', fleet.recycle !== null && 'go to a worker that is about to be replaced'],
  ] as const;
  const losses = wanted.flatMap(([key, text]): Loss[] =>
    text === false ? [] : [{ path: ['fleet', key], text: `${who} ${text}`, degree: 'otherwise' }],
  );
  for (const { action } of timeline) {
    if (action.type !== 'deploy') continue;
    const { strategy, drainMs } = action.deployment;
    if (strategy === 'blue-green') {
      const text = `${who} cannot be switched from the old workers to the new ones`;
      losses.push({ path: [TIMELINE, 'deploy'], text, degree: 'missing' });
    } else if (drainMs !== null) {
      const text = `${who} go on to workers that are drained`;
      losses.push({ path: [TIMELINE, 'deploy'], text, degree: 'otherwise' });
    }
  }
  return losses;
};

/** As the certificate of a run lies. */
const { tls: SOME_TLS } = resolveListener({
  tls: { certificate: '/nowhere/gateway-1.cert.pem', key: '/nowhere/gateway-1.cert.pem.key' },
});

/** What the variant's own gateway is asked for, with a certificate where clients are to be shown one. */
const askedOf = ({ gateway, scope, front }: Placed): Asked => ({
  section: scope.gateway,
  config: front.tls ? { ...gateway, listener: { ...gateway.listener, tls: SOME_TLS } } : gateway,
});

/** Clients of a run that speak TLS get nothing at all from a gateway without: it is what the variant is for. */
const ofFront = (losses: readonly Loss[], { front }: Placed): Loss[] =>
  losses.map((loss) =>
    front.tls && loss.degree === 'missing' && loss.path.join('.') === 'listener.tls'
      ? { ...loss, path: [TIMELINE, 'tls'] }
      : loss,
  );

const unique = (losses: readonly Loss[]): Loss[] => [
  ...new Map(losses.map((loss) => [JSON.stringify([loss.path, loss.text]), loss])).values(),
];

/** Everything of a variant that a target cannot do, or does otherwise. */
export const lossesOf = (variant: Placed, target: Target): Loss[] => {
  if (target.kind === 'gateway') return [];
  const { timeline } = variant;
  return unique([
    ...ofFront(sectionLosses(askedOf(variant), target, variant), variant),
    ...frontLosses(variant, target),
    ...drainLosses(variant, target),
    ...timeline.flatMap((entry) => entryLosses(entry, target, variant)),
  ]);
};

/** Whether a loss takes away one of these values, rather than a default that goes with it. */
const takes = ({ path }: Loss, values: readonly (readonly string[])[]): boolean =>
  values.some((value) => path.every((key, index) => value[index] === key));

/** Whether the section is what it is given: in place of any other, somebody has put something else on purpose. */
const isGiven = (target: Target): boolean => target.kind === 'proxy' && target.own === null;

/**
 * Those without which the variant cannot show what it is for. Of a scenario without variants that are policies as a whole: a
 * detail done without is not the end of it, else what was imported from one proxy would hardly run at another.
 */
export const neededOf = (
  losses: readonly Loss[],
  { gatewayOverlay, gatewayPolicies, timeline }: Needing,
  target: Target,
): Loss[] => {
  const pushed = timeline.flatMap(({ action }) =>
    action.type === 'push-gateway-config' && action.to === 'gateway' ? leafPaths(action.config) : [],
  );
  const policies = isGiven(target) ? gatewayPolicies.map((key) => [key]) : [];
  const values = [...gatewayOverlay, ...policies, ...pushed.map((path) => [TIMELINE, PUSH, ...path])];
  const isOrder = ({ path }: Loss): boolean => path[0] === TIMELINE && path.length === 2;
  return losses.filter((loss) => loss.degree === 'missing' && (isOrder(loss) || takes(loss, values)));
};

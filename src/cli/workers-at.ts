/** `--workers-at 9001,9002`: where a gateway that runs already looks for the workers of a run. */
import { usageError } from '../core/errors.js';
import { isLoopbackHost } from '../core/http-address.js';
import type { Variant } from '../scenarios/scenario.js';
import { flagList } from './flags.js';

/** Workers listen on no other. */
const HOSTS = ['127.0.0.1', 'localhost'];
const MAX_PORT = 65_535;

const EXAMPLE = 'such as 9001,9002 or 127.0.0.1:9001,127.0.0.1:9002';

const parsePort = (text: string): number => {
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text.trim()) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > MAX_PORT) {
    throw usageError(`--workers-at takes ports, ${EXAMPLE}; got "${text}"`);
  }
  if (host !== undefined && !HOSTS.includes(host)) {
    throw usageError(`--workers-at ${text}: workers listen on 127.0.0.1 and nowhere else`);
  }
  return Number(port);
};

/** @returns ports, in the order of the workers; empty: none were named. @throws UserError */
export const parseWorkersAt = (flag: unknown): number[] => {
  const ports = flagList(flag)
    .flatMap((text) => text.split(','))
    .map(parsePort);
  const twice = ports.find((port, index) => ports.indexOf(port) !== index);
  if (twice !== undefined) throw usageError(`--workers-at names ${twice} twice, and each is one worker’s`);
  return ports;
};

/** Links stand before workers, and before upstreams of the user's own; without them the latter are where they are. */
const placesOf = ({ links, fleet, scope }: Variant): readonly string[] =>
  fleet.upstreams !== null && links === null ? [] : scope.workers;

const isHere = (origin: string): boolean =>
  isLoopbackHost(new URL(origin).hostname.replace(/^\[(.*)\]$/, '$1'));

const explain = (variant: Variant): string | null => {
  const { target, name, links } = variant;
  if (target.kind !== 'url') return null;
  const { origin, workersAt } = target;
  const places = placesOf(variant);
  if (places.length === 0) {
    return workersAt.length === 0
      ? null
      : `--workers-at: the upstreams of variant ${name} are your own, and listen where they do; leave it out`;
  }
  const what = links === null ? 'workers' : 'links before its workers';
  if (!isHere(origin)) {
    return (
      `--target ${origin} is another machine, and the ${what} of variant ${name} listen on 127.0.0.1 of this one, where ` +
      'no gateway there finds them; a scenario for it has `fleet.upstreams`, the servers that it has, and no links'
    );
  }
  if (workersAt.length >= places.length) return null;
  const wanted = `variant ${name} has ${places.length} ${what}, ${places[0]} to ${places.at(-1)}`;
  return workersAt.length === 0
    ? `--target ${origin} needs --workers-at with ${places.length} ports, where that gateway looks for them, ${EXAMPLE}: ${wanted}`
    : `--workers-at names ${workersAt.length} of ${places.length} ports: ${wanted}, and ${origin} has to find each`;
};

/** @throws UserError for a variant whose workers would be where its gateway does not look, or cannot. */
export const checkWorkersAt = (variants: readonly Variant[]): void => {
  for (const variant of variants) {
    const problem = explain(variant);
    if (problem !== null) throw usageError(problem);
  }
};

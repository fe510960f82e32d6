/** A scenario around an imported section: it runs as it is, and asks what becomes of the section when a worker hangs and dies. */

/** More are processes that a small machine does not have room for. */
const MAX_WORKERS = 16;
const MIN_WORKERS = 2;

/** A run has room for 250 addresses of clients: so many of a class, which a limit for each client does not take for one. */
const IDENTITIES = 20;
const MAX_CLASSES = 10;

/** A class of clients for each path that routes begin with. */
const classesOf = (all: readonly string[]): string => {
  const paths = all.length === 0 ? ['/'] : all.slice(0, MAX_CLASSES);
  const share = Math.floor(100 / paths.length);
  const classes = paths.map((path, index) => {
    const own = index === 0 ? 100 - share * (paths.length - 1) : share;
    return `    class-${index + 1}: { share: ${own}%, path: ${JSON.stringify(path)}, identities: ${IDENTITIES} }`;
  });
  return `\n  classes:\n${classes.join('\n')}`;
};

export interface ImportedParts {
  /** The proxy that it is a config of. */
  readonly from: string;
  /** The file that the section is from. */
  readonly source: string;
  /** As YAML, under its key. */
  readonly section: string;
  /** How many it names. */
  readonly servers: number;
  /** That its routes begin with. */
  readonly paths: readonly string[];
}

/** @param name of the scenario. */
export const scenarioAround = (
  name: string,
  { from, source, section, servers, paths }: ImportedParts,
): string => `# Check it:         badgateway validate ${name}.yaml
# Run it:           badgateway run ${name}.yaml
# Beside the proxy: badgateway run ${name}.yaml --target gateway,${from}
version: 1
name: ${name}
title: What becomes of ${source} when a worker hangs, and when one dies

# Your servers: as many processes as the config names, each with eight requests at once. Make them as yours are.
fleet:
  workers: ${Math.min(MAX_WORKERS, Math.max(MIN_WORKERS, servers))}
  slots: 8
  serviceTime: { distribution: exponential, mean: 40ms }
  restart: { delay: 1s }

${section}
# Your clients: how long they wait, and how often they ask.
clients:
  patience: 5s${classesOf(paths)}
load:
  arrivals: poisson
  stages:
    - { rate: 60/s, for: 24s }

timeline:
  - { at: 4s, inject: hang, on: worker-1, for: 6s }
  - { at: 14s, inject: crash, on: worker-2, how: kill }

windows:
  baseline: 1s..4s
  outage: 4s..10s
  death: 14s..16s
  after: 18s..24s

thresholds:
  default:
    - availability[baseline] >= 99%
    - availability[after] >= 99%
`;

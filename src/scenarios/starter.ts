/** The scenario that `badgateway init` writes: small, commented, and it runs as it is. */

/** Names of scenarios: small letters, digits and hyphens. */
export const SCENARIO_NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** @param name of the scenario; one that `SCENARIO_NAME` takes. */
export const starterText = (
  name: string,
  schemaFile: string,
): string => `# yaml-language-server: $schema=${schemaFile}
# Check it:         badgateway validate ${name}.yaml
# Run it, quickly:  badgateway run ${name}.yaml --engine virtual
# Run it for real:  badgateway run ${name}.yaml
version: 1
name: ${name}
title: One of three workers takes requests and never answers
story: >-
  For five seconds a worker hangs. Its health checks stay green, so the gateway goes on sending it every third request.
  A breaker notices by the requests themselves.
seed: 42 # the same seed gives the same arrivals; --seed changes it

# Who serves: three processes, each with eight requests at once, the rest in its queue.
fleet:
  workers: 3
  slots: 8
  serviceTime: { distribution: exponential, mean: 40ms }

# What stands before them. A policy that is not named is not there; health checks always are, unless they are off.
gateway:
  balancer: round-robin
  timeouts: { attempt: 1s }
  healthCheck: { interval: 500ms, timeout: 300ms }

# Who asks: clients that wait three seconds in all, and try once.
clients:
  patience: 3s

# How often: arrivals at random, 60 a second. A stage with \`to\` is a ramp.
load:
  arrivals: poisson
  stages:
    - { rate: 60/s, for: 15s }

# What happens to them. Other faults: leak, crash, slow, errors, event-loop-block, …
timeline:
  - { at: 4s, inject: hang, on: worker-2, for: 5s }

# Spans of time to measure over. A bad baseline makes the run invalid; outage is while the cause is active.
windows:
  baseline: 1s..4s
  outage: 4s..9s
  after: 11s..15s

# The same with something changed, one after another, with the same arrivals.
variants:
  as-it-happened: {}
  breaker:
    gateway:
      breaker: { errorThreshold: 50%, minRequests: 5, window: 2s, openFor: 1s }
  breaker-and-retry:
    gateway:
      breaker: { errorThreshold: 50%, minRequests: 5, window: 2s, openFor: 1s }
      retry: { attempts: 2, on: [5xx] }

# What must hold, or the run ends with 99. A variant's name before a metric takes it from that variant.
thresholds:
  as-it-happened:
    - availability[baseline] >= 99%
    - availability[outage] < 75%
    - first.504 < 6s
  breaker:
    - availability[outage] > as-it-happened.availability[outage] + 5%
    - availability[after] >= 99%
  breaker-and-retry:
    - availability[outage] > breaker.availability[outage]
    - latency.p99[after] < 1s
`;

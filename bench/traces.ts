/**
 * `npm run bench:traces`: what traces cost the gateway, off, of one request in a hundred, and of all. With
 * `-- --before FILE`, the command of another build beside it, such as one from before there were traces.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import {
  EVERY_POLICY,
  estimateRatio,
  gatewayTarget,
  LoadGenerator,
  measureTargets,
  type Plan,
  pin,
  Reaper,
  startOrigin,
  type Target,
  toTargetResult,
  trialRatio,
  WORKLOADS,
} from 'badgateway';
import { readCount } from './count.js';

const OFF = 'traces off';
const CONFIDENCE = 0.95;
const MAX_TRIALS = 20;

/** Takes whatever it gets, as a collector on another machine would: what it costs is not the gateway's. */
const startSink = async () => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
};

const readArgs = () => {
  const { trials, before } = parseArgs({
    options: { trials: { type: 'string', default: '6' }, before: { type: 'string' } },
  }).values;
  const each = readCount('trials', trials, MAX_TRIALS);
  const plan: Plan = {
    trials: each,
    maxTrials: each,
    warmupMs: 3_000,
    rounds: 4,
    roundMs: 300,
    tolerance: 0.05,
  };
  return { plan, before };
};

const { plan, before } = readArgs();
const reaper = new Reaper();
const origin = await startOrigin(reaper);
const generator = new LoadGenerator(reaper);
await generator.ready();
const { launcher } = await pin(reaper, [origin.pid, generator.pid]);
const sink = await startSink();

const target = (name: string, variables: Readonly<Record<string, string>> = {}, command?: string): Target =>
  gatewayTarget({
    ...{ name, args: EVERY_POLICY, upstream: origin.address, reaper },
    ...(command !== undefined && { command }),
    launcher: ['env', ...Object.entries(variables).map(([key, value]) => `${key}=${value}`), ...launcher],
  });

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.port}` };
const sampled = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };
const targets = [
  ...(before === undefined ? [] : [target('the other build', {}, before)]),
  target(OFF),
  target('one request in a hundred', { ...endpoint, ...sampled }),
  target('every request', endpoint),
];
try {
  const trials = await measureTargets(targets, {
    ...{ generator, plan, workload: WORKLOADS['small-get'] },
    signal: new AbortController().signal,
    onProgress: (text: string) => process.stderr.write(`${text}\n`),
  });
  const reference = trials[targets.findIndex(({ name }) => name === OFF)]!;
  const rows = targets.map(({ name }, index) => {
    const { summary } = toTargetResult(name, trials[index]!);
    const ratios = trials[index]!.flatMap((one, trial) => {
      return trialRatio({ target: one, against: reference[trial]! }, 'cpu') ?? [];
    });
    const { value, low, high } = estimateRatio(ratios, CONFIDENCE);
    const ratio = `${value.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
    return `| ${name} | ${ratio} | ${summary.cpu?.median.toFixed(1) ?? ''} |`;
  });
  const head = ['|  | CPU per request, of traces off | µs |', '|---|---:|---:|'];
  process.stdout.write(`${[...head, ...rows].join('\n')}\n`);
} finally {
  sink.close();
  await generator.stop();
  await origin.stop();
  await reaper.stop();
}

/**
 * The worker process: its service behind a bare `node:http` server. Nothing heavy is loaded, so that it boots in tens of
 * milliseconds and most of its heap is there to be leaked.
 */
import { createServer } from 'node:http';
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { type OtlpTarget, otlpTarget } from '../core/otlp-environment.js';
import { Random } from '../core/random.js';
import type { DependencyClients } from './dependencies/client.js';
import { listenOn } from './listen.js';
import type { FromWorker, ToWorker, WorkerArgument } from './messages.js';
import { NodeRuntime } from './node-runtime.js';
import { WorkerService } from './worker-service.js';
import type { WorkerTraces } from './worker-traces.js';

/** Longer than any gateway keeps an idle connection, so that the worker is not the one to close it. */
const KEEP_ALIVE_MS = 65_000;

const argument = childArgument<WorkerArgument>();
const { send, onMessage } = parentLink<ToWorker, FromWorker>();
const random = new Random(argument.seed);
const target = otlpTarget(process.env);

/** Loaded here and not above: it brings the policies along, and a worker without dependencies stays bare. */
const loadDependencies = async (): Promise<DependencyClients> => {
  const { DependencyClients } = await import('./dependencies/client.js');
  return new DependencyClients(argument.dependencies, {
    clock: wallClock,
    random: random.fork('dependencies'),
    traced: target !== null,
    onCircuit: (dependency, state) => send({ type: 'circuit', dependency, state }),
  });
};

/** The same for traces, which hardly anybody wants. */
const loadTraces = async (target: OtlpTarget): Promise<WorkerTraces> => {
  const { WorkerTraces } = await import('./worker-traces.js');
  const { postTo } = await import('../core/otlp-spans.js');
  const post = await postTo(target);
  return new WorkerTraces({ id: argument.id, pid: process.pid, target, post, clock: wallClock, random });
};

const service = new WorkerService(argument, random, {
  clock: wallClock,
  send,
  runtime: new NodeRuntime(wallClock),
  dependencies: argument.dependencies.length === 0 ? null : await loadDependencies(),
  traces: target && (await loadTraces(target)),
});
onMessage((message) => service.onMessage(message));

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, service.handle);

const listen = (): void => {
  const { host, port } = argument;
  void listenOn(server, { host, port, clock: wallClock }).then(
    (found) => send({ type: 'ready', port: found }),
    ({ message }: Error) => send({ type: 'failed', message }),
  );
};

if (argument.bootDelayMs > 0) wallClock.after(argument.bootDelayMs, listen);
else listen();

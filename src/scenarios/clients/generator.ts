/** The load generator: a process of its own, so that nothing else in the run can slow it down unseen. */
import { childArgument, parentLink } from '../../core/child.js';
import { wallClock } from '../../core/clock.js';
import { type OtlpTarget, otlpTarget } from '../../core/otlp-environment.js';
import { Random } from '../../core/random.js';
import type { FromGenerator, GeneratorArgument, ToGenerator } from '../messages.js';
import { explainMissing } from './addresses.js';
import type { Asked } from './classes.js';
import type { ClientTraces } from './client-traces.js';
import type { RequestRecord } from './clients.js';
import { LoadRun } from './load-run.js';
import { Sender, type Target, targetOf } from './sender.js';

const REPORT_INTERVAL_MS = 100;

const { load, clients, floods, seed, origins, tls } = childArgument<GeneratorArgument>();
const link = parentLink<ToGenerator, FromGenerator>();
const sender = new Sender(origins, tls, wallClock);
/** What is asked for, made ready to be sent. */
const targets = new Map<Asked, Target>();

const targetFor = (asked: Asked): Target => {
  let target = targets.get(asked);
  if (target === undefined) {
    target = targetOf(asked);
    targets.set(asked, target);
  }
  return target;
};

/** Loaded here and not above: hardly anybody wants traces. */
const loadTraces = async (target: OtlpTarget): Promise<ClientTraces> => {
  const { openClientTraces } = await import('./client-traces.js');
  return openClientTraces({ target, environment: process.env, seed, pid: process.pid, clock: wallClock });
};

const collector = otlpTarget(process.env);
const traces = collector && (await loadTraces(collector));

let records: RequestRecord[] = [];
let originMs = 0;

const run = new LoadRun({
  ...{ load, clients, floods, clock: wallClock, random: new Random(seed) },
  send: (asked, address, extra, onAnswer) => sender.send(targetFor(asked), address, extra, onAnswer),
  ...(traces && { traceFields: traces.fieldsOf }),
  onRecord: (record) => {
    records.push(record);
    traces?.ended(record, originMs);
  },
  onFloodEnded: (ended) => {
    report();
    link.send({ type: 'flood-ended', ...ended });
  },
  onFinished: () => {
    report();
    link.send({ type: 'finished' });
  },
});

const report = (): void => {
  const { sent, population, floods } = run;
  link.send({ type: 'records', records, sent, ...(population && { population }), ...(floods && { floods }) });
  records = [];
};

const reporting = wallClock.every(REPORT_INTERVAL_MS, () => {
  if (run.goesOn || records.length > 0) report();
});

const stop = (): void => {
  reporting.cancel();
  run.stop();
  if (records.length > 0) report();
  Promise.allSettled([sender.destroy(), traces?.close()]).then(() => process.disconnect());
};

link.onMessage((message) => {
  if (message.type === 'start') {
    originMs = message.atMs;
    run.start(originMs);
  } else if (message.type === 'update') run.update(message.behaviours);
  else if (message.type === 'load') run.changeLoad(message.change);
  else if (message.type === 'flood') run.flood(message.plan);
  else stop();
});
explainMissing(run.addresses).then((message) => {
  link.send(message === null ? { type: 'ready' } : { type: 'unable', message });
});

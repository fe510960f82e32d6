/**
 * The load generator: a process of its own, so that nothing else in the run can slow it down unseen. It enacts three kinds
 * of load beside each other: the stages of an open loop, which never wait for an answer before the next request is sent;
 * a population, whose users do; and floods. It opens as many connections as they need.
 */
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { Random } from '../core/random.js';
import { FINGERPRINT_HEADER } from '../upstream/fingerprint.js';
import { AddressBook, explainMissing } from './addresses.js';
import { ClientCrowd } from './client-crowd.js';
import type { RequestRecord } from './clients.js';
import { FloodLoad } from './flood-load.js';
import type { FromGenerator, GeneratorArgument, ToGenerator } from './messages.js';
import { Population, type PopulationCounts, usersByClass } from './population.js';
import { runPopulation } from './population-load.js';
import { Sender, type Target, targetOf } from './sender.js';
import { arrivalTimes } from './workload.js';

const REPORT_INTERVAL_MS = 100;

const argument = childArgument<GeneratorArgument>();
const link = parentLink<ToGenerator, FromGenerator>();
const random = new Random(argument.seed);
const sender = new Sender(argument.origins, argument.tls, wallClock);
const book = new AddressBook();

/** The same for the same seed, so that a request is the same one in every variant. */
const idPrefix = (argument.seed >>> 0).toString(16).padStart(8, '0');

const idHeader = (id: number | string): string[] => [FINGERPRINT_HEADER, `${idPrefix}-${id}`];

const targets = new Map<unknown, Target>(argument.clients.map((one) => [one, targetOf(one)]));

const crowd = new ClientCrowd({
  classes: argument.clients,
  book,
  clock: wallClock,
  random,
  send: (one, address, id, onAnswer) => sender.send(targets.get(one)!, address, idHeader(id), onAnswer),
});
const floodAddresses = argument.floods.map(({ identities }) => book.take(identities));

let records: RequestRecord[] = [];
let sent = 0;
/** Kinds of load whose clients are not done yet. */
let underWay = 0;
const populations: Record<string, Population> = {};
let floods: readonly FloodLoad[] = [];
const enders: (() => void)[] = [];

const populationCounts = (): Record<string, PopulationCounts> =>
  Object.fromEntries(Object.entries(populations).map(([name, { counts }]) => [name, counts]));

const report = (): void => {
  link.send({
    type: 'records',
    records,
    sent,
    ...(argument.load.population !== undefined && { population: populationCounts() }),
    ...(floods.length > 0 && { floods: floods.map(({ counts }) => counts) }),
  });
  records = [];
};

const record = (one: RequestRecord): void => {
  records.push(one);
};

const finishOne = (): void => {
  underWay--;
  if (underWay > 0) return;
  report();
  link.send({ type: 'finished' });
};

const runStages = (originMs: number): void => {
  const arrivals = arrivalTimes(argument.load, random.fork('arrivals'));
  const begin = crowd.openLoop(originMs);
  let finished = 0;
  let begun = 0;
  let over = false;
  let next = arrivals.next();

  const finishIfDone = (): void => {
    if (over || !next.done || finished < begun) return;
    over = true;
    finishOne();
  };

  const sendDue = (): void => {
    while (!next.done && originMs + next.value <= wallClock.nowMs()) {
      sent++;
      begin(begun++, next.value, (done) => {
        record(done);
        finished++;
        finishIfDone();
      });
      next = arrivals.next();
    }
    if (next.done) finishIfDone();
    else wallClock.after(originMs + next.value - wallClock.nowMs(), sendDue);
  };
  wallClock.after(originMs - wallClock.nowMs(), sendDue);
};

const runUsers = (originMs: number): void => {
  const plan = argument.load.population;
  if (plan === undefined) return;
  const shares = argument.clients.map(({ shareRatio }) => shareRatio);
  for (const [index, users] of usersByClass(plan.users, shares).entries()) {
    if (users === 0) continue;
    const { name } = argument.clients[index]!;
    const population = new Population(plan, users, random.fork(`population ${name}`));
    const begins = crowd.users(index, users, originMs);
    populations[name] = population;
    underWay++;
    const stop = runPopulation({
      ...{ population, users, clock: wallClock, originMs },
      label: name === '' ? 'user-' : `${name}-user-`,
      begin: (user, id, atMs, onDone) => {
        sent++;
        begins[user]!(id, atMs, onDone);
      },
      onRecord: record,
      onOver: finishOne,
    });
    enders.push(stop);
  }
};

const runFloods = (originMs: number): void => {
  floods = argument.floods.map((plan, index) => {
    const target = targetOf(plan);
    const addresses = floodAddresses[index]!;
    return new FloodLoad({
      ...{ plan, clock: wallClock, originMs },
      label: `flood-${index + 1}-`,
      send: (identity, id, onAnswer) => sender.send(target, addresses[identity]!, idHeader(id), onAnswer),
      onOver: () => {
        report();
        link.send({ type: 'flood-ended', flood: index, counts: floods[index]!.counts });
      },
    });
  });
  enders.push(...floods.map((flood) => () => flood.stop()));
};

const run = (originMs: number): void => {
  // The open loop counts even without stages, so that there is always somebody to be done.
  underWay = 1;
  runFloods(originMs);
  runUsers(originMs);
  runStages(originMs);
  const reporting = wallClock.every(REPORT_INTERVAL_MS, () => {
    if (underWay > 0 || records.length > 0 || floods.some(({ over }) => !over)) report();
  });
  enders.push(() => reporting.cancel());
};

const stop = (): void => {
  for (const end of enders) end();
  if (records.length > 0) report();
  sender.destroy().finally(() => process.disconnect());
};

link.onMessage((message) => {
  if (message.type === 'start') run(message.atMs);
  else if (message.type === 'update') crowd.update(message.behaviours);
  else stop();
});
explainMissing([...crowd.addresses, ...floodAddresses.flat()]).then((message) => {
  link.send(message === null ? { type: 'ready' } : { type: 'unable', message });
});

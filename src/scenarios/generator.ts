/**
 * The load generator: a process of its own, so that nothing else in the run can slow it down unseen. It never waits
 * for an answer before it sends the next request, and opens as many connections as it needs.
 */
import { type Dispatcher, Pool } from 'undici';
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { Random } from '../core/random.js';
import { type Answer, isGood, type RequestRecord, runRequest, type Send } from './clients.js';
import type { FromGenerator, GeneratorArgument, ToGenerator } from './messages.js';
import { arrivalTimes } from './workload.js';

const REPORT_INTERVAL_MS = 100;

const argument = childArgument<GeneratorArgument>();
const link = parentLink<ToGenerator, FromGenerator>();
const random = new Random(argument.seed);
const pool = new Pool(argument.origin, { pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

const headerText = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(', ') : (value ?? '');

/** The cause as the gateway names it in `Proxy-Status`; an upstream's own error has none. */
const causeOf = (status: number, proxyStatus: string): string => {
  if (isGood(status)) return '';
  const code = /details="BGW_ERR_(\w+)"/.exec(proxyStatus)?.[1];
  return code?.toLowerCase() ?? /error=(\w+)/.exec(proxyStatus)?.[1] ?? 'upstream_response';
};

const CONNECT_FAILURES = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EADDRNOTAVAIL']);

/** One try, as undici's handler. */
class Try implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #proxyStatus = '';
  #rayId = '';
  #done = false;
  readonly #onAnswer: (answer: Answer) => void;

  constructor(onAnswer: (answer: Answer) => void) {
    this.#onAnswer = onAnswer;
  }

  abort(): void {
    this.#done = true;
    this.#controller?.abort(new Error('the client left'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#done) this.abort();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#proxyStatus = headerText(headers['proxy-status']);
    this.#rayId = headerText(headers['x-ray-id']);
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#answer({
      status: this.#status,
      cause: causeOf(this.#status, this.#proxyStatus),
      rayId: this.#rayId,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: NodeJS.ErrnoException): void {
    const cause =
      this.#status !== 0
        ? 'body_broken'
        : CONNECT_FAILURES.has(error.code ?? '')
          ? 'gateway_unreachable'
          : 'gateway_closed_connection';
    this.#answer({ status: 0, cause, rayId: this.#rayId });
  }

  #answer(answer: Answer): void {
    if (this.#done) return;
    this.#done = true;
    this.#onAnswer(answer);
  }
}

const send: Send = (onAnswer) => {
  const attempt = new Try(onAnswer);
  pool.dispatch({ path: '/', method: 'GET' }, attempt);
  return attempt;
};

const run = (originMs: number): void => {
  const arrivals = arrivalTimes(argument.load, random.fork('arrivals'));
  const parts = {
    behaviour: argument.clients,
    clock: wallClock,
    random: random.fork('clients'),
    send,
    originMs,
  };
  let records: RequestRecord[] = [];
  let sent = 0;
  let finished = 0;
  let next = arrivals.next();

  const report = (): void => {
    link.send({ type: 'records', records, sent });
    records = [];
  };
  const reporting = wallClock.every(REPORT_INTERVAL_MS, report);

  const finishIfDone = (): void => {
    if (!next.done || finished < sent) return;
    reporting.cancel();
    report();
    link.send({ type: 'finished' });
  };

  const sendDue = (): void => {
    while (!next.done && originMs + next.value <= wallClock.nowMs()) {
      runRequest(sent++, next.value, parts, (record) => {
        records.push(record);
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

link.onMessage((message) => {
  if (message.type === 'start') run(message.atMs);
  else pool.destroy().finally(() => process.disconnect());
});
link.send({ type: 'ready' });

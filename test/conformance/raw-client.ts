/**
 * A client on a bare socket: it writes what it is told, and records what comes back, how whole it is, and how the
 * connection stood afterwards. An HTTP client would forgive, or hide, half of what the suite looks for.
 */
import { connect, type Socket } from 'node:net';
import { fieldOf, type ParsedAnswer, parseAnswer } from './answer-parser.js';

/** Longer than any answer may take: who has none by then hangs. */
const CAP_MS = 6_000;
/** How long a connection that is kept is watched for bytes or an end that nobody announced. */
const SETTLE_MS = 20;
/** How long an announced end may take. */
const CLOSING_MS = 1_000;
const WRITE_BYTES = 64 * 1024;

export interface Answer extends ParsedAnswer {
  readonly connection: 'open' | 'fin' | 'rst';
  /** From the request's first byte to the answer's end, milliseconds. */
  readonly ms: number;
  /** From there to the end of its header. */
  readonly headMs: number;
  /** Whether the client had sent the whole request by then. */
  readonly sent: boolean;
}

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly version?: '1.0' | '1.1';
  readonly fields?: readonly string[];
  readonly body?: Buffer;
  /** Waits between head and body, so that they travel in two packets. */
  readonly split?: boolean;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const headOf = ({ method, path, version = '1.1', fields = [], body }: RawRequest): string =>
  [
    `${method} ${path} HTTP/${version}`,
    'Host: conformance.test',
    ...fields,
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
    '\r\n',
  ].join('\r\n');

export class RawClient {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  /** The answer is there: no more of the request is written. */
  #stopped = false;
  #end: 'fin' | 'rst' | null = null;
  #changed = (): void => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#changed();
    });
    socket.on('end', () => this.#ended());
    socket.on('error', () => this.#over('rst'));
    socket.on('close', () => this.#over('rst'));
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      // Half open, so that a FIN neither ends an upload nor hides what a write would meet.
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.setNoDelay(true);
        resolve(new RawClient(socket));
      });
    });
  }

  /** Whether the other side has neither ended nor reset the connection. */
  get isOpen(): boolean {
    return this.#end === null;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  ask(request: RawRequest): Promise<Answer> {
    let sent = false;
    const writing = this.#write(request).then(() => {
      sent = true;
    });
    return this.read(request.method, () => sent, writing);
  }

  /** Writes whatever it is given, valid or not. */
  send(bytes: string | Buffer): void {
    this.#socket.write(bytes as string, 'latin1');
  }

  /** Leaves what comes in the kernel's buffers, until they are full. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Ends the client's own direction, and goes on reading. */
  finish(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The next answer, once it is over: whole, broken off, or not there within `CAP_MS`. */
  async read(method: string, isSent = (): boolean => true, writing?: Promise<void>): Promise<Answer> {
    const startedMs = performance.now();
    const parse = (): ParsedAnswer => parseAnswer(this.#bytes, method, this.#end === 'fin');
    let parsed = parse();
    let headMs = Infinity;
    await this.#until(() => {
      parsed = parse();
      if (parsed.status !== 0) headMs = Math.min(headMs, performance.now() - startedMs);
      return parsed.complete || parsed.problems.length > 0 || this.#end !== null;
    }, CAP_MS);
    const ms = performance.now() - startedMs;
    const sent = isSent();
    this.#stopped = true;
    await writing;
    this.#stopped = false;
    const announced = fieldOf(parsed, 'connection')?.toLowerCase() === 'close';
    await this.#until(() => this.#end !== null, announced ? CLOSING_MS : SETTLE_MS);
    // What follows is the next answer's, or nobody's: a caller that expects none finds it in `rest`.
    parsed = parse();
    this.#bytes = parsed.complete ? parsed.rest : Buffer.alloc(0);
    return { ...parsed, connection: this.#end ?? 'open', ms, headMs, sent };
  }

  async #write(request: RawRequest): Promise<void> {
    const { body } = request;
    this.send(headOf(request));
    if (body === undefined) return;
    if (request.split === true) await pause(20);
    for (let at = 0; at < body.length && !this.#stopped && this.#end === null; at += WRITE_BYTES) {
      const more = this.#socket.write(body.subarray(at, at + WRITE_BYTES));
      if (!more) await this.#drained();
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearInterval(look);
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.once('drain', done).once('close', done);
      // An answer that comes first ends the upload, though nobody takes any more of it.
      const look = setInterval(() => {
        if (this.#stopped || this.#end !== null) done();
      }, 5);
    });
  }

  /**
   * libuv calls it an end when data and a reset come in one packet. A connection that was reset takes no more bytes, and
   * one that was ended still takes the first.
   */
  #ended(): void {
    if (this.#socket.writableLength > 0 || !this.#socket.writable) this.#over('fin');
    else this.#socket.write('\r\n', (error) => this.#over(error ? 'rst' : 'fin'));
  }

  #over(how: 'fin' | 'rst'): void {
    this.#end ??= how;
    this.#changed();
  }

  /** @returns whether it came to be before the time was over. */
  #until(condition: () => boolean, withinMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (result: boolean): void => {
        clearTimeout(timer);
        this.#changed = () => {};
        resolve(result);
      };
      const timer = setTimeout(() => done(condition()), withinMs);
      this.#changed = () => {
        if (condition()) done(true);
      };
    });
  }
}

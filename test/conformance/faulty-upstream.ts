/**
 * An upstream with a fault. It is healthy until it is armed, and for requests below `/healthy/` always; a request names
 * itself with the last segment of its path, and every healthy answer says whose it is.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Fault, type Strike, sayTag } from './fault.js';
import { openStuckListener } from './stuck-listener.js';

/** How long a kept connection stays open when it is to be closed while idle. */
const IDLE_MS = 30;

/** One request as it came in. */
export interface Arrival {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly head: string;
  bodyBytes: number;
  /** Whether all of it came. */
  whole: boolean;
  /** Whether the connection that it came on has gone. */
  gone: boolean;
}

export interface FaultyUpstream {
  readonly port: number;
  readonly arrivals: readonly Arrival[];
  /** Connections taken while armed. */
  readonly struckConnections: number;
  arm(): Promise<void>;
  /** Heals it, where that can be. @returns whether it is healthy now. */
  disarm(): boolean;
  /** Settles when it has no connection any more. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: HOST, port: 0 }, () => resolve((server.address() as { port: number }).port));
  });

const stopListening = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });

/**
 * Keeps a port on which nothing listens, so that no other server gets it meanwhile: a connection of our own comes from
 * there.
 */
const holdPort = async (localPort: number): Promise<() => Promise<void>> => {
  const anchor = createServer((socket) => socket.on('error', () => {}));
  const port = await listen(anchor);
  const socket = connect({ host: HOST, port, localPort });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  return () => {
    socket.resetAndDestroy();
    return stopListening(anchor);
  };
};

/**
 * Runs when the gateway, which shares this loop, has read what was sent before: on a busy machine a timer alone may be
 * due first, and a reset would overtake the data.
 */
const afterReading = (run: () => void, turns = 2): void => {
  if (turns === 0) run();
  else setImmediate(() => afterReading(run, turns - 1));
};

interface Framing {
  readonly length: number | null;
}

const framingOf = (head: string): Framing => {
  if (/\r\ntransfer-encoding:/i.test(head)) return { length: null };
  return { length: Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0) };
};

/** Splits what comes in on one connection into requests. */
class RequestReader {
  #bytes: Buffer = Buffer.alloc(0);
  #current: { arrival: Arrival; framing: Framing } | null = null;
  readonly #onHead: (arrival: Arrival) => void;
  readonly #onWhole: (arrival: Arrival) => void;

  constructor(onHead: (arrival: Arrival) => void, onWhole: (arrival: Arrival) => void) {
    this.#onHead = onHead;
    this.#onWhole = onWhole;
  }

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (this.#step());
  }

  #step(): boolean {
    if (this.#current === null) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end === -1) return false;
      const head = this.#bytes.toString('latin1', 0, end);
      this.#bytes = this.#bytes.subarray(end + 4);
      const [method = '', path = ''] = head.split(' ');
      const id = path.slice(path.lastIndexOf('/') + 1);
      const arrival: Arrival = { id, method, path, head, bodyBytes: 0, whole: false, gone: false };
      this.#current = { arrival, framing: framingOf(head) };
      this.#onHead(arrival);
    }
    return this.#readBody(this.#current);
  }

  #readBody({ arrival, framing }: { arrival: Arrival; framing: Framing }): boolean {
    if (framing.length === null) {
      const end = this.#bytes.indexOf('0\r\n\r\n');
      if (end === -1) return false;
      this.#bytes = this.#bytes.subarray(end + 5);
    } else {
      const taken = Math.min(this.#bytes.length, framing.length - arrival.bodyBytes);
      arrival.bodyBytes += taken;
      this.#bytes = this.#bytes.subarray(taken);
      if (arrival.bodyBytes < framing.length) return false;
    }
    arrival.whole = true;
    this.#current = null;
    this.#onWhole(arrival);
    return true;
  }
}

const HEALTHY = /^\/healthy\//;

class ListeningUpstream implements FaultyUpstream {
  readonly arrivals: Arrival[] = [];
  struckConnections = 0;
  port = 0;
  readonly #fault: Fault;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #armed = false;
  #onEmpty = (): void => {};
  #release = (): Promise<void> => Promise.resolve();

  constructor(fault: Fault) {
    this.#fault = fault;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#take(socket));
  }

  async start(): Promise<this> {
    this.port = await listen(this.#server);
    return this;
  }

  async arm(): Promise<void> {
    this.#armed = true;
    // Healthy answers were the last on their connections, so that the fault meets a new one.
    if (this.#fault.at === 'accept' || this.#fault.at === 'nobody') await this.idle();
    if (this.#fault.at !== 'nobody') return;
    await stopListening(this.#server);
    this.#release = await holdPort(this.port);
  }

  disarm(): boolean {
    this.#armed = false;
    return this.#fault.at !== 'nobody';
  }

  idle(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#release();
    if (this.#server.listening) await stopListening(this.#server);
  }

  #take(socket: Socket): void {
    const fault = this.#fault;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#onEmpty();
    });
    if (this.#armed) this.struckConnections++;
    // The other side is done: nothing here waits for an answer any more.
    socket.on('end', () => socket.end());
    let nth = 0;
    const reader = new RequestReader(
      (arrival) => {
        nth++;
        this.arrivals.push(arrival);
        socket.once('close', () => {
          arrival.gone = true;
        });
        if (fault.at === 'head' && this.#strikes(arrival)) fault.strike(this.#strikeOf(socket, arrival));
      },
      (arrival) => {
        const reused = fault.at === 'reuse' && nth > 1;
        if ((fault.at === 'request' || reused) && this.#strikes(arrival)) {
          fault.strike(this.#strikeOf(socket, arrival));
        } else if (fault.at !== 'head' || !this.#strikes(arrival)) this.#answer(socket, arrival);
      },
    );
    if (this.#armed && fault.at === 'accept') {
      socket.resume();
      fault.strike(socket);
    } else socket.on('data', (chunk) => reader.push(chunk));
  }

  #strikes(arrival: Arrival): boolean {
    return this.#armed && !HEALTHY.test(arrival.path);
  }

  #strikeOf(socket: Socket, { id, method }: Arrival): Strike {
    const later = (delayMs: number, run: () => void): void => {
      const begin = (): void => afterReading(run);
      // As soon as the gateway has read: not even a client's next request comes before.
      if (delayMs === 0) {
        begin();
        return;
      }
      const timer = setTimeout(begin, delayMs);
      socket.once('close', () => clearTimeout(timer));
    };
    return { socket, id, hasBody: method !== 'GET', later };
  }

  #answer(socket: Socket, arrival: Arrival): void {
    const { at } = this.#fault;
    const last = at === 'accept' || at === 'nobody';
    sayTag({ socket, id: arrival.id }, last ? ['Connection: close'] : []);
    if (last) socket.end();
    if (at === 'idle' && !this.#armed) this.#strikeOf(socket, arrival).later(IDLE_MS, () => socket.end());
  }
}

/** Nobody accepts there, before and after. */
const stuckUpstream = async (backlog: 'open' | 'full'): Promise<FaultyUpstream> => {
  const listener = await openStuckListener(backlog);
  return {
    port: listener.port,
    arrivals: [],
    struckConnections: 0,
    arm: () => Promise.resolve(),
    disarm: () => false,
    idle: () => Promise.resolve(),
    close: () => listener.close(),
  };
};

export const openUpstream = (fault: Fault): Promise<FaultyUpstream> =>
  fault.at === 'kernel' ? stuckUpstream(fault.backlog) : new ListeningUpstream(fault).start();

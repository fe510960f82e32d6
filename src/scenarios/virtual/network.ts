/**
 * The network of virtual time: who listens where, and how long a message is on its way. What TCP does below a connection
 * (windows, losses, congestion) is not there.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { type AnswerSink, type MemoryAsked, MemoryExchange } from '../../core/memory-http.js';
import { formatDuration } from '../../core/units.js';
import type { VirtualClock } from '../../core/virtual-clock.js';
import type { ModelCertificate } from './model-certificates.js';

/**
 * What becomes of a connection that is opened now. `reset`: it is taken and closed at once; `silent`: nobody answers, as
 * behind a full backlog.
 */
export type Reachability = 'open' | 'refused' | 'reset' | 'silent';

/** Somebody who listens. */
export interface Host {
  /** What the kernel does with a new connection. */
  readonly reachability: Reachability;
  /** A connection is taken. */
  accept(): Connection;
}

/** Shows the certificate of whoever took the connection, when its process gets to it. */
export type Handshake = (onCertificate: (certificate: ModelCertificate) => void) => void;

/** A connection that has come about, seen by whoever opened it: one request at a time. */
export interface Connection {
  readonly isOpen: boolean;
  /** `null`: the other end does not speak TLS. */
  readonly handshake: Handshake | null;
  /**
   * A request arrives at the other end.
   * @param sink told there, and not when this end has closed it.
   * @returns whether there is anybody left.
   */
  deliver(asked: MemoryAsked, address: string, sink: AnswerSink): boolean;
  /** Its request has been answered, and there is no other yet: nothing of it is kept. */
  rest(): void;
  /** This end closes it; the other learns of it when that has arrived. */
  close(): void;
}

/** Of a process that is gone: no connection to it lives on. */
export const GONE = -1;

/** Whoever serves what arrives. */
export interface Server {
  /** Changes when connections that were kept are gone: with every process that serves in this place. */
  readonly incarnation: number;
  /** `null`: it does not speak TLS. */
  readonly handshake: Handshake | null;
  /** A request has arrived. */
  serve(exchange: MemoryExchange): void;
}

/** A connection with nothing in between. */
export class DirectConnection implements Connection {
  readonly #network: Network;
  readonly #server: Server;
  readonly #incarnation: number;
  #exchange: MemoryExchange | null = null;

  constructor(network: Network, server: Server) {
    this.#network = network;
    this.#server = server;
    this.#incarnation = server.incarnation;
  }

  get isOpen(): boolean {
    return this.#incarnation !== GONE && this.#server.incarnation === this.#incarnation;
  }

  get handshake(): Handshake | null {
    return this.#server.handshake;
  }

  deliver(asked: MemoryAsked, address: string, sink: AnswerSink): boolean {
    if (!this.isOpen) return false;
    this.#exchange = new MemoryExchange(asked, address, sink);
    this.#server.serve(this.#exchange);
    return true;
  }

  /** A fleet keeps more connections than it has requests in flight, and each request is a dozen objects. */
  rest(): void {
    this.#exchange = null;
  }

  close(): void {
    const exchange = this.#exchange;
    if (exchange === null || exchange.over || !this.isOpen) return;
    this.#network.clock.after(this.#network.latencyMs, () => exchange.leave());
  }
}

/** Whom a dial tells what became of it, on its own clock. */
export interface Dialler {
  readonly clock: Clock;
  /** `null`: whoever dials keeps the time. */
  readonly timeoutMs: number | null;
  /** Whether it is to speak TLS: the handshake takes another round trip (RFC 8446 section 2). */
  readonly secure: boolean;
  connected(connection: Connection): void;
  /** @param error with a code of Node's or undici's. */
  failed(error: NodeJS.ErrnoException): void;
}

const failure = (code: string, message: string): NodeJS.ErrnoException =>
  Object.assign(new Error(message), { code });

/** Of a handshake that nobody answers: Linux sends it again after a second, and waits twice as long each time. */
const FIRST_WAIT_MS = 1_000;
const MAX_KNOCKS = 7;

/** A connection that is being opened. */
class Dial {
  readonly #network: Network;
  readonly #address: string;
  readonly #dialler: Dialler;
  #timer: Timer;
  #limit: Timer | null = null;
  /** At the other end. */
  #taken: Connection | null = null;
  #over = false;

  constructor(network: Network, address: string, dialler: Dialler) {
    this.#network = network;
    this.#address = address;
    this.#dialler = dialler;
    const { clock, timeoutMs } = dialler;
    if (timeoutMs !== null) {
      const late = `no connection within ${formatDuration(timeoutMs)}`;
      this.#limit = clock.after(timeoutMs, () => this.#fail(failure('UND_ERR_CONNECT_TIMEOUT', late)));
    }
    this.#timer = network.clock.after(network.latencyMs, () => this.#knock(0));
  }

  cancel(): void {
    this.#end();
    this.#taken?.close();
  }

  #knock(count: number): void {
    const { clock, latencyMs } = this.#network;
    const host = this.#network.at(this.#address);
    const reachability = host?.reachability ?? 'refused';
    if (reachability === 'open') {
      const connection = host!.accept();
      this.#taken = connection;
      this.#timer = this.#dialler.clock.after(latencyMs, () => {
        if (this.#dialler.secure) this.#shakeHands(connection);
        else this.#connect(connection);
      });
    } else if (reachability === 'silent') {
      const waitMs = FIRST_WAIT_MS * 2 ** count;
      this.#timer = clock.after(waitMs, () => {
        if (count + 1 < MAX_KNOCKS) this.#knock(count + 1);
        else this.#fail(failure('ETIMEDOUT', `connect ETIMEDOUT ${this.#address}`));
      });
    } else {
      const error =
        reachability === 'refused'
          ? failure('ECONNREFUSED', `connect ECONNREFUSED ${this.#address}`)
          : failure('ECONNRESET', `read ECONNRESET ${this.#address}`);
      this.#timer = this.#dialler.clock.after(latencyMs, () => this.#fail(error));
    }
  }

  #shakeHands(connection: Connection): void {
    const { clock, latencyMs } = this.#network;
    const back = (run: () => void): void => {
      this.#timer = this.#dialler.clock.after(latencyMs, run);
    };
    this.#timer = clock.after(latencyMs, () => {
      if (connection.handshake === null) {
        // It takes the first message for a bad request, and its answer is no TLS.
        back(() => this.#fail(failure('EPROTO', 'wrong version number')));
        return;
      }
      connection.handshake(({ problem }) =>
        back(() => {
          if (problem === null) this.#connect(connection);
          else this.#fail(failure(problem, `the certificate of ${this.#address}: ${problem}`));
        }),
      );
    });
  }

  #connect(connection: Connection): void {
    if (this.#over) return;
    this.#end();
    this.#dialler.connected(connection);
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#over) return;
    this.cancel();
    this.#dialler.failed(error);
  }

  #end(): void {
    this.#over = true;
    this.#timer.cancel();
    this.#limit?.cancel();
  }
}

/** What becomes of a packet that is a question; told on the clock of whoever asks. */
export interface PacketSender {
  readonly clock: Clock;
  answered(answer: Buffer): void;
  /** Nobody has the port. */
  refused(): void;
}

/** What is answered to a packet; `null`: nothing. */
type AnswerPacket = (packet: Buffer) => Buffer | null;

export class Network {
  readonly clock: VirtualClock;
  /** From one end to the other. */
  readonly latencyMs: number;
  /** From a link to what is behind it. */
  readonly linkMs: number;
  readonly #hosts = new Map<string, Host>();
  /** Of UDP. */
  readonly #bound = new Map<string, AnswerPacket>();

  /** @param linkMs default: the same, as if every link read and wrote messages itself. */
  constructor(clock: VirtualClock, latencyMs: number, linkMs = latencyMs) {
    this.clock = clock;
    this.latencyMs = latencyMs;
    this.linkMs = linkMs;
  }

  listen(address: string, host: Host): void {
    this.#hosts.set(address, host);
  }

  /** `null`: nobody has ever listened there. */
  at(address: string): Host | null {
    return this.#hosts.get(address) ?? null;
  }

  /** Takes packets there from now on. */
  bind(address: string, answer: AnswerPacket): void {
    this.#bound.set(address, answer);
  }

  /** Sends one packet, to which there is one answer or none. */
  sendPacket(address: string, packet: Buffer, sender: PacketSender): void {
    const { latencyMs } = this;
    this.clock.after(latencyMs, () => {
      const answer = this.#bound.get(address);
      if (answer === undefined) {
        sender.clock.after(latencyMs, () => sender.refused());
        return;
      }
      const answered = answer(packet);
      if (answered !== null) sender.clock.after(latencyMs, () => sender.answered(answered));
    });
  }

  /** Opens a connection: a round trip, or two, when somebody listens. @returns what takes it back. */
  dial(address: string, dialler: Dialler): { cancel(): void } {
    return new Dial(this, address, dialler);
  }
}

export const addressOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host}:${port}`;

/** Connections from one place to another: the one used last is used next, as over sockets. */
export class Connections {
  readonly #keepAlive: boolean;
  readonly #idle: Connection[] = [];
  /** In use, or being opened. */
  busy = 0;

  constructor(keepAlive: boolean) {
    this.#keepAlive = keepAlive;
  }

  /** @returns one that was kept; `null`: it is to be opened. */
  take(): Connection | null {
    this.busy++;
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      if (kept.isOpen) return kept;
      kept.close();
    }
    return null;
  }

  /**
   * @param connection `null`: it did not come about, or the other end has closed it.
   * @param keeps whether it may be used again.
   */
  giveBack(connection: Connection | null, keeps = true): void {
    this.busy--;
    if (connection === null) return;
    if (this.#keepAlive && keeps && connection.isOpen) {
      connection.rest();
      this.#idle.push(connection);
    } else {
      connection.close();
    }
  }

  /** Closes those that were kept. */
  close(): void {
    for (const connection of this.#idle.splice(0)) connection.close();
  }
}

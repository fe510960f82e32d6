/**
 * A connection through a link in virtual time: from whoever connected to the link, and from there to the worker, with
 * the link's toxics in between. Requests and answers pass as the bytes that they take.
 */
import type { AnswerSink, Break, MemoryAsked } from '../../core/memory-http.js';
import type { Stream } from '../../upstream/links/connection.js';
import type { LinkConnection } from '../../upstream/links/link-port.js';
import type { Pipe } from '../../upstream/links/pipe.js';
import type { Ending } from '../../upstream/links/toxic.js';
import { headBytes, requestBytes } from './message-sizes.js';
import { ModelChannel } from './model-channel.js';
import type { Connection, Network } from './network.js';

/** An answer on its way through the link: told by the worker, it tells whoever asked. */
class PassedOn implements AnswerSink {
  readonly sink: AnswerSink;
  readonly #network: Network;
  readonly #channel: ModelChannel;
  readonly #onEnded: () => void;
  /** Sent past HTTP. */
  #text = '';
  #isWhole = false;

  constructor(sink: AnswerSink, network: Network, channel: ModelChannel, onEnded: () => void) {
    this.sink = sink;
    this.#network = network;
    this.#channel = channel;
    this.#onEnded = onEnded;
  }

  began(statusCode: number, flat: readonly string[]): void {
    this.#later(() =>
      this.#channel.send(headBytes(statusCode, flat), () => this.sink.began(statusCode, flat)),
    );
  }

  ended(bytes: number): void {
    this.#later(() =>
      this.#channel.send(bytes, () => {
        this.#onEnded();
        this.sink.ended(bytes);
      }),
    );
  }

  broke(how: Break): void {
    this.#later(() => this.#channel.end(how === 'reset' ? 'reset' : 'close'));
  }

  sentRaw(text: string, ended: boolean): void {
    this.#later(() => {
      const more = text.length - this.#text.length;
      this.#text = text;
      if (more > 0) this.#channel.send(more, () => this.sink.sentRaw(text, false));
      if (!ended) return;
      this.#isWhole = true;
      this.#channel.end('end');
    });
  }

  /** The connection is over before the answer is. */
  breakOff(ending: Ending): void {
    if (this.#isWhole && ending === 'end') this.sink.sentRaw(this.#text, true);
    else this.sink.broke(ending === 'reset' ? 'reset' : 'closed');
  }

  /** On its way from the worker to the link. */
  #later(run: () => void): void {
    this.#network.clock.after(this.#network.linkMs, run);
  }
}

export class ModelLinkConnection implements LinkConnection, Connection {
  readonly handshake = null;
  readonly #network: Network;
  readonly #onClosed: () => void;
  readonly #channels: Readonly<Record<Stream, ModelChannel>>;
  readonly #dial: { cancel(): void };
  /** To the worker; `null`: it is being opened. */
  #onward: Connection | null = null;
  /** A request that has passed before it was. */
  #waiting: (() => void) | null = null;
  /** The answer that is waited for. */
  #current: PassedOn | null = null;
  #closed = false;

  /** @param upstream address of the worker. @param onClosed called when both sides are gone. */
  constructor(network: Network, upstream: string, onClosed: () => void) {
    this.#network = network;
    this.#onClosed = onClosed;
    const { clock } = network;
    this.#channels = {
      upstream: new ModelChannel({
        clock,
        onBytes: () => {},
        onEnding: (ending) => this.#end(ending),
      }),
      downstream: new ModelChannel({
        clock,
        onBytes: (bytes) => this.#current?.sink.moved?.(bytes),
        onEnding: (ending) => this.#end(ending),
      }),
    };
    this.#dial = network.dial(upstream, {
      ...{ clock, timeoutMs: null, secure: false },
      connected: (connection) => {
        this.#onward = connection;
        this.#waiting?.();
        this.#waiting = null;
      },
      // It has been taken here already, and cannot be refused any more.
      failed: () => this.#channels.downstream.end('reset'),
    });
  }

  get isOpen(): boolean {
    return !this.#closed && (this.#onward === null || this.#onward.isOpen);
  }

  pipe(stream: Stream): Pipe {
    return this.#channels[stream].pipe;
  }

  deliver(asked: MemoryAsked, address: string, sink: AnswerSink): boolean {
    if (this.#closed) return false;
    const passedOn = new PassedOn(sink, this.#network, this.#channels.downstream, () => {
      this.#current = null;
    });
    this.#current = passedOn;
    const pass = (): void => {
      this.#network.clock.after(this.#network.linkMs, () => {
        const isThere = this.#closed || this.#onward!.deliver(asked, address, passedOn);
        if (!isThere) passedOn.broke('closed');
      });
    };
    this.#channels.upstream.send(requestBytes(asked), () => {
      if (this.#onward === null) this.#waiting = pass;
      else pass();
    });
    return true;
  }

  rest(): void {
    this.#onward?.rest();
  }

  close(): void {
    this.#network.clock.after(this.#network.latencyMs, () => {
      // Nobody is there any more to be told of an answer.
      this.#current = null;
      this.#channels.upstream.end('close');
    });
  }

  destroy(): void {
    this.#end('close');
  }

  #end(ending: Ending): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dial.cancel();
    for (const channel of Object.values(this.#channels)) channel.close();
    this.#onward?.close();
    const current = this.#current;
    this.#current = null;
    current?.breakOff(ending);
    this.#onClosed();
  }
}

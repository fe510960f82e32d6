/**
 * Bodies larger than the gateway's memory pass through it: 256 MiB each way against a slow reader, with the gateway in
 * a process of its own so that only its memory is measured.
 */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGatewayProcess } from '../support/gateway-process.js';

const MEBIBYTE = 1024 ** 2;
const BODY_BYTES = 256 * MEBIBYTE;
const CHUNK = Buffer.alloc(64 * 1024, 'x');
/** Fills what fills once: the young generation, the heap's reserves, the sockets. */
const WARM_UP_BYTES = 64 * MEBIBYTE;
/**
 * Half of what buffering would add between the two. When V8 collects dead chunks is its own affair: on Node 24 their
 * number grows by up to 36 MiB after the warm-up, whatever the size of the body.
 */
const ALLOWED_GROWTH_BYTES = (BODY_BYTES - WARM_UP_BYTES) / 2;

/** `bytes` of body, made as they are asked for. */
const source = (bytes: number): Readable => {
  let left = bytes;
  return new Readable({
    read() {
      while (left > 0) {
        const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
        left -= chunk.length;
        if (!this.push(chunk)) return;
      }
      this.push(null);
    },
  });
};

/** Takes what comes, one buffer at a time, with a turn of the event loop after each: slower than any writer. */
const slowSink = (onBytes: (bytes: number) => void): Writable =>
  new Writable({
    highWaterMark: 16 * 1024,
    write(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length);
      setImmediate(() => setImmediate(done));
    },
  });

const listen = async (server: ReturnType<typeof createServer>): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

describe('256 MiB through the gateway', () => {
  it('as a response, to a client that reads slowly, leave its memory where it was', async () => {
    const upstream = await listen(
      createServer((incoming, response) => {
        const bytes = Number(new URL(incoming.url ?? '', 'http://x').searchParams.get('bytes'));
        source(bytes).pipe(response);
      }),
    );
    const gateway = await startGatewayProcess(upstream);
    const download = async (bytes: number): Promise<number> => {
      let received = 0;
      await new Promise<void>((resolve, reject) => {
        request({ host: '127.0.0.1', port: gateway.port, path: `/?bytes=${bytes}` }, (response) => {
          pipeline(
            response,
            slowSink((count) => (received += count)),
          ).then(resolve, reject);
        })
          .on('error', reject)
          .end();
      });
      return received;
    };
    const [, before] = await Promise.all([download(WARM_UP_BYTES), gateway.peakBytesUntilIdle()]);
    const [received, peak] = await Promise.all([download(BODY_BYTES), gateway.peakBytesUntilIdle()]);
    expect(received).toBe(BODY_BYTES);
    expect(peak - before).toBeLessThan(ALLOWED_GROWTH_BYTES);
  });

  it('as a request, to an upstream that reads slowly, leave its memory where it was', async () => {
    let received = 0;
    const upstream = await listen(
      createServer((incoming, response) => {
        pipeline(
          incoming,
          slowSink((count) => (received += count)),
        ).then(
          () => response.end('done'),
          () => response.destroy(),
        );
      }),
    );
    const gateway = await startGatewayProcess(upstream);
    const upload = (bytes: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          { host: '127.0.0.1', port: gateway.port, method: 'POST', path: '/' },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        );
        outgoing.on('error', reject);
        source(bytes).pipe(outgoing);
      });
    const [, before] = await Promise.all([upload(WARM_UP_BYTES), gateway.peakBytesUntilIdle()]);
    received = 0;
    const [status, peak] = await Promise.all([upload(BODY_BYTES), gateway.peakBytesUntilIdle()]);
    expect(status).toBe(200);
    expect(received).toBe(BODY_BYTES);
    expect(peak - before).toBeLessThan(ALLOWED_GROWTH_BYTES);
  });
});

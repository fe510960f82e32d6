/**
 * A port whose connections nobody accepts. The kernel completes handshakes until the backlog is full, and drops what
 * comes after. Node accepts whenever its loop turns, so the listener lives in a thread whose loop never turns again.
 */
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A connection to a listener that has room is there within a round trip on the loopback. */
const FULL_AFTER_MS = 100;

const SOURCE = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: workerData.backlog }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(workerData.gate), 0, 0);
  });
`;

export interface StuckListener {
  readonly port: number;
  close(): Promise<void>;
}

/** @returns the connection, or `null` when the listener did not take it. */
const occupy = (port: number, taken: Socket[]): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    taken.push(socket);
    socket.on('error', () => {});
    // After the events that came meanwhile: on a busy machine the connection may be there, and not yet told of.
    const timer = setTimeout(() => setImmediate(() => resolve(false)), FULL_AFTER_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });

/** @param backlog `open`: handshakes are completed. `full`: not even those. */
export const openStuckListener = async (backlog: 'open' | 'full'): Promise<StuckListener> => {
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(SOURCE, {
    eval: true,
    execArgv: [],
    workerData: { gate, backlog: backlog === 'full' ? 1 : 511 },
  });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  const taken: Socket[] = [];
  if (backlog === 'full') while (await occupy(port, taken)) if (taken.length > 16) break;
  return {
    port,
    close: async () => {
      for (const socket of taken) socket.destroy();
      Atomics.store(new Int32Array(gate), 0, 1);
      Atomics.notify(new Int32Array(gate), 0);
      await worker.terminate();
    },
  };
};

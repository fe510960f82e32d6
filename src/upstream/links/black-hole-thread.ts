/** The thread of a black hole: it listens and then stands still, so that nothing is accepted (`black-hole.ts`). */
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { Address } from './address.js';
import type { FromThread } from './black-hole.js';

const port = parentPort!;
const gate = new Int32Array(workerData as SharedArrayBuffer);

const say = (message: FromThread): void => port.postMessage(message);

const server = createServer();
server.on('error', ({ message }) => {
  say({ type: 'failed', message });
  port.close();
});
server.on('listening', () => {
  say({ type: 'listening', port: (server.address() as { port: number }).port });
  Atomics.wait(gate, 0, 0);
  // Before the loop turns, or it would accept what has waited.
  server.close();
  port.close();
});
port.on('message', (address: Address | null) => {
  if (address === null) port.close();
  else server.listen({ ...address, backlog: 1 });
});
say({ type: 'ready' });

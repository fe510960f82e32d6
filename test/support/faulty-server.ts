/** Upstreams that misbehave on purpose, on raw sockets: what no HTTP server can be made to do. */
import { createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface FaultyServer {
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Resolves with the n-th connection's fate: the moment its peer has gone. */
  readonly closed: Promise<void>;
}

/** Whole request head seen: what a handler waits for before it answers or misbehaves. */
export const onHead = (socket: Socket, run: (head: string) => void): void => {
  let seen = '';
  let done = false;
  socket.on('data', (chunk) => {
    seen += chunk.toString('latin1');
    const end = seen.indexOf('\r\n\r\n');
    if (end === -1 || done) return;
    done = true;
    run(seen.slice(0, end));
  });
};

/** Listens on a free loopback port until the test ends. */
export const faultyServer = async (behave: (socket: Socket) => void): Promise<FaultyServer> => {
  const sockets = new Set<Socket>();
  let connections = 0;
  let peerGone = (): void => {};
  const closed = new Promise<void>((resolve) => {
    peerGone = resolve;
  });
  const server: Server = createServer({ allowHalfOpen: false }, (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      peerGone();
    });
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return connections;
    },
    closed,
  };
};

/** A port on which nothing listens. */
export const deadPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
};

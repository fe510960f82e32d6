/** Ports: which one is free, and why one cannot be listened on, in words for the person who chose it. */
import { createServer } from 'node:net';

/** @param what whose port it is, such as `the gateway`. */
const listenProblem = (error: unknown, what: string, host: string, port: number): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return `${what} cannot listen: port ${port} of ${host} is taken; choose another, or 0 for a free one`;
    case 'EACCES':
      return `${what} cannot listen: port ${port} of ${host} is not allowed to this user; choose one above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${what} cannot listen: ${host} is no address of this machine`;
    default:
      return `${what} cannot listen on port ${port} of ${host}: ${message}`;
  }
};

/** For the `catch` of an attempt to listen: says it in words, and keeps the cause. */
export const because =
  (what: string, host: string, port: number) =>
  (cause: unknown): never => {
    throw new Error(listenProblem(cause, what, host, port), { cause });
  };

const listenBriefly = async (host: string, port: number): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port }, resolve);
  });
  const found = (server.address() as { port: number }).port;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return found;
};

/**
 * Where a process looks for a free port: below those that Linux gives to clients (32,768 and on), and not where others look at the
 * same time. A port is free from when it is found until somebody listens on it, and HAProxy and Caddy share one that somebody
 * else of theirs has (`SO_REUSEPORT`): two that got the same would answer each other's requests.
 */
const FIRST_PORT = 20_480;
const PORTS_OF_ONE = 512;
const PLACES = 24;

let tried = 0;

/** None is found again before all others have been. */
const findFreePort = async (host: string): Promise<number> => {
  const first = FIRST_PORT + (process.pid % PLACES) * PORTS_OF_ONE;
  for (let count = 0; count < PORTS_OF_ONE; count++) {
    const port = first + (tried++ % PORTS_OF_ONE);
    try {
      return await listenBriefly(host, port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  return listenBriefly(host, 0);
};

/**
 * The port that somebody is to listen on later, or that several processes are to share: processes that ask for any free one would get
 * another when all of them have been started anew.
 * @param port 0: a free one.
 */
export const findPort = (host: string, port: number): Promise<number> =>
  (port === 0 ? findFreePort(host) : listenBriefly(host, port)).catch(because('the gateway', host, port));

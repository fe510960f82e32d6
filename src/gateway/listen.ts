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

/**
 * The port that several processes are to share, known before the first of them listens: processes that ask for any free
 * one would get another when all of them have been started anew.
 * @param port 0: a free one.
 */
export const findPort = async (host: string, port: number): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port }, resolve);
  }).catch(because('the gateway', host, port));
  const found = (server.address() as { port: number }).port;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return found;
};

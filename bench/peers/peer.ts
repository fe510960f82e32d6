/** What the peers have in common: where their upstream is, and how they say where they are. */
import type { Server } from 'node:http';

export const upstreamAddress = process.argv[2]!;

export const announce = (server: Server): void => {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number };
    process.stdout.write(`listening on http://127.0.0.1:${port}\n`);
  });
};

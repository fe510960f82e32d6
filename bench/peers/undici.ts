/** The least a proxy on Node can do: `node:http` in front, undici behind, and nothing in between. */
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { announce, upstreamAddress } from './peer.js';

const pool = new Pool(upstreamAddress, { connections: 1024 });

const server = createServer((request, response) => {
  const body = request.method === 'GET' ? null : request;
  pool.stream(
    {
      path: request.url!,
      method: request.method as 'GET',
      headers: withoutConnection(request.headers),
      body,
    },
    ({ statusCode, headers }) => response.writeHead(statusCode, withoutConnection(headers)),
    (error) => {
      if (error !== null) response.destroy(error);
    },
  );
});

const withoutConnection = <Headers extends Record<string, unknown>>(headers: Headers): Headers => {
  const { connection: _, 'transfer-encoding': __, ...rest } = headers;
  return rest as unknown as Headers;
};

announce(server);

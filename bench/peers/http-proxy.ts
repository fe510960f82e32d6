/** http-proxy, the proxy most Node programs have had, with connections kept. */
import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';
import { announce, upstreamAddress } from './peer.js';

const proxy = httpProxy.createProxyServer({
  target: upstreamAddress,
  agent: new Agent({ keepAlive: true }),
  xfwd: true,
});
proxy.on('error', (_error, _request, response) => {
  response.destroy();
});
announce(createServer((request, response) => proxy.web(request, response)));

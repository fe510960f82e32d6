/** @fastify/http-proxy: reply-from as a plugin. */
import httpProxy from '@fastify/http-proxy';
import Fastify from 'fastify';
import { upstreamAddress } from './peer.js';

const app = Fastify({ logger: false });
app.register(httpProxy, { upstream: upstreamAddress });
process.stdout.write(`listening on ${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);

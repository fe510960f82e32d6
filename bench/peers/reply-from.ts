/** Plain @fastify/reply-from, as its README shows it, with bodies passed through unread. */
import replyFrom from '@fastify/reply-from';
import Fastify from 'fastify';
import { upstreamAddress } from './peer.js';

const app = Fastify({ logger: false });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
app.register(replyFrom, { base: upstreamAddress, disableRequestLogging: true });
app.all('*', (request, reply) => {
  reply.from(request.raw.url!);
});
process.stdout.write(`listening on ${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);

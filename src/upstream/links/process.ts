/** The process of the links: every link of a run, and Toxiproxy's HTTP API to them. */
import { childArgument, parentLink } from '../../core/child.js';
import { wallClock } from '../../core/clock.js';
import { Random } from '../../core/random.js';
import { linksApi } from './api.js';
import { LinkCollection } from './link-collection.js';
import { LinkService } from './link-service.js';
import type { FromLinks, LinksArgument, ToLinks } from './messages.js';

const { host, apiPort, seed } = childArgument<LinksArgument>();
const parent = parentLink<ToLinks, FromLinks>();

const links = new LinkCollection({
  clock: wallClock,
  random: new Random(seed),
  report: (report) => parent.send({ type: 'report', report }),
});
const service = new LinkService(links, host, (message) => parent.send(message));
const api = linksApi(links);

const stop = async (): Promise<void> => {
  api.close();
  api.closeAllConnections();
  await service.stop();
  process.exit(0);
};

parent.onMessage((message) => {
  if (message.type === 'stop') stop();
  else service.onMessage(message);
});
api.on('error', ({ message }) => parent.send({ type: 'failed', message }));
api.listen(apiPort, host, () => {
  parent.send({ type: 'ready', apiPort: (api.address() as { port: number }).port });
});

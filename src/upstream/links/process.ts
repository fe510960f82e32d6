/** The process of the links: every link of a run, and Toxiproxy's HTTP API to them. */
import { childArgument, parentLink } from '../../core/child.js';
import { wallClock } from '../../core/clock.js';
import { Random } from '../../core/random.js';
import { linksApi } from './api.js';
import { LinkCollection } from './link-collection.js';
import type { FromLinks, LinksArgument, ToLinks } from './messages.js';
import { LinkOrders } from './orders.js';

const { host, apiPort, seed } = childArgument<LinksArgument>();
const parent = parentLink<ToLinks, FromLinks>();

const links = new LinkCollection({
  clock: wallClock,
  random: new Random(seed),
  report: (report) => parent.send({ type: 'report', report }),
});
const orders = new LinkOrders(links);
const api = linksApi(links);

const link = async (name: string, port: number): Promise<void> => {
  const { listen } = await links.create(name, { host, port: 0 }, { host, port }, true);
  parent.send({ type: 'linked', link: name, ...listen });
};

const stop = async (): Promise<void> => {
  api.close();
  api.closeAllConnections();
  // A port that cannot be had again is no matter now.
  await links.reset('run-over').catch(() => {});
  await links.close();
  process.exit(0);
};

const perform = (message: Exclude<ToLinks, { type: 'stop' }>): Promise<void> => {
  switch (message.type) {
    case 'link':
      return link(message.link, message.port);
    case 'upstream':
      // A client of the API may have taken it away.
      return links.find(message.link)?.setUpstreamUp(message.up) ?? Promise.resolve();
    case 'add':
      return orders.add(message.id, message.link, message.order);
    case 'time-over':
      return orders.timeOver(message.id);
    case 'remove':
      return orders.remove(message.link, message.order);
  }
};

parent.onMessage((message) => {
  if (message.type === 'stop') {
    stop();
    return;
  }
  links
    .inTurn(message.link, () => perform(message))
    .catch((error: Error) => parent.send({ type: 'refused', link: message.link, message: error.message }));
});
api.on('error', ({ message }) => parent.send({ type: 'failed', message }));
api.listen(apiPort, host, () => {
  parent.send({ type: 'ready', apiPort: (api.address() as { port: number }).port });
});

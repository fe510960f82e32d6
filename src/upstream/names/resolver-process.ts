/**
 * The stub resolver's own process: a DNS server on UDP for one zone. A process of its own, so that whoever asks it
 * meets sockets and time as with a real one. TCP is not served: no answer of it is long enough to be cut.
 */
import { createSocket } from 'node:dgram';
import { childArgument, parentLink } from '../../core/child.js';
import type { FromResolver, ResolverArgument, ToResolver } from './messages.js';
import { Zone } from './zone.js';

const argument = childArgument<ResolverArgument>();
const link = parentLink<ToResolver, FromResolver>();
const zone = new Zone(argument);
zone.setAddresses(argument.addresses);

const socket = createSocket('udp4');
socket.on('message', (packet, { address, port }) => {
  const answer = zone.answer(packet);
  // Whoever asked may be gone; DNS has no way of telling, and no need to.
  if (answer !== null) socket.send(answer, port, address, () => {});
});
socket.on('listening', () => link.send({ type: 'ready', port: socket.address().port }));
socket.on('error', (error) => link.send({ type: 'failed', message: error.message }));

link.onMessage((message) => {
  switch (message.type) {
    case 'addresses':
      zone.setAddresses(message.addresses);
      return;
    case 'change': {
      const { number, name, fault } = message;
      if (fault === null) zone.heal(name);
      else zone.inject(name, fault);
      link.send({ type: 'done', number });
      return;
    }
    case 'stop':
      socket.close(() => process.disconnect());
  }
});
socket.bind(0, argument.host);

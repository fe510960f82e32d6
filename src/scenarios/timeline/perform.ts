/** What a timeline says, done to the world, at its time or by hand. */
import type { ConfigDelivery } from '../../delivery/config-delivery.js';
import type { WorkerConfig } from '../../upstream/config.js';
import { beginningOf } from '../clients/flood.js';
import type { World } from '../world.js';
import { actionText } from './action-text.js';
import { pushBody } from './config.js';
import { performOnWorkers } from './faults.js';
import { performOnFleet } from './fleet.js';
import type { Orders } from './orders.js';
import type { Action, TimelineEntry } from './timeline.js';

/** What a timeline has its hands on. */
export interface Stage {
  readonly world: World;
  readonly delivery: ConfigDelivery<WorkerConfig>;
  readonly orders: Orders;
}

export interface Performer extends Stage {
  /** Who does it, for the audit. */
  readonly by: string;
}

/** At once, or when the order has got through. */
export const carryOut = ({ action, through }: TimelineEntry, performer: Performer): void => {
  if (through === undefined) perform(action, performer);
  else performer.orders.send(actionText(action), through, () => perform(action, performer));
};

const perform = (action: Action, { world, delivery, by }: Performer): void => {
  switch (action.type) {
    case 'note':
      world.emit('run.noted', { text: action.text });
      return;
    case 'inject':
    case 'heal':
      performOnWorkers(action, world.fleet, world.emit);
      return;
    case 'flood':
      // The generator has had the plan from the start, and keeps its time itself.
      world.emit('flood.began', beginningOf(action.plan));
      return;
    case 'update-clients':
      world.updateClients(action.update);
      return;
    case 'disturb':
      for (const name of action.dependencies) world.dependencies.disturb(name, action.disturbance);
      return;
    case 'recover':
      for (const name of action.dependencies) world.dependencies.recover(name, action.fault);
      return;
    case 'toxic':
      for (const worker of action.workers) world.links?.addToxic(worker, action.order);
      return;
    case 'remove-toxic':
      for (const worker of action.workers) world.links?.removeToxics(worker, action.order);
      return;
    case 'dns':
      world.disturbNames(action);
      return;
    case 'deploy':
    case 'rollback-deploy':
    case 'scale':
      performOnFleet(action, world.fleet);
      return;
    case 'push-config': {
      const { config, strategy, trial, breakGlass, basedOn } = action;
      const change = { by, breakGlass, ...(basedOn !== undefined && { basedOn }) };
      if (trial === undefined) delivery.push(config, strategy, change);
      else void delivery.pushTried(config, strategy, change, trial);
      return;
    }
    case 'disrupt':
      world.disrupt(action);
      return;
    case 'certificate':
      world.replaceCertificates(action);
      return;
    case 'purge-cache': {
      const { to, pathPrefix, soft } = action;
      world.askGateway(to, 'POST', '/cache/purge', {
        ...(pathPrefix !== '' && { pathPrefix }),
        ...(soft && { soft }),
      });
      return;
    }
    case 'push-gateway-config':
      world.askGateway(action.to, 'PUT', '/config', pushBody(action, by));
      return;
    case 'rollback-gateway-config':
      world.askGateway(action.to, 'POST', '/config/rollback', { by });
      return;
    case 'rollback-config':
      delivery.rollback(action.strategy, by, 'ordered');
      return;
    case 'lock-config':
      delivery.lockConfig(by, action.reason);
      return;
    case 'unlock-config':
      delivery.unlockConfig(by);
      return;
  }
};

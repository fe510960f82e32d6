/** An action of a timeline in words. */
import { formatFor } from '../../core/units.js';
import { optionsText } from '../../upstream/faults/parameters.js';
import { cacheActionText } from './cache.js';
import { clientsText, floodText, updateText } from './clients.js';
import { fleetActionText } from './fleet.js';
import { frontActionText } from './front.js';
import { linkActionText } from './links.js';
import type { Action } from './timeline.js';

const injectionText = ({ workers, injection }: Extract<Action, { type: 'inject' }>): string => {
  const { fault, options, forMs } = injection;
  const how = optionsText(options);
  return `inject ${fault}${how} into ${workers.join(', ')}${formatFor(forMs)}`;
};

const disturbanceText = ({ dependencies, disturbance }: Extract<Action, { type: 'disturb' }>): string => {
  const { fault, options, forMs } = disturbance;
  const how = optionsText(options);
  return `disturb ${dependencies.join(', ')}: ${fault}${how}${formatFor(forMs)}`;
};

/** What an action does, for people. */
export const actionText = (action: Action): string => {
  switch (action.type) {
    case 'note':
      return `note: ${action.text}`;
    case 'inject':
      return injectionText(action);
    case 'flood':
      return floodText(action.plan);
    case 'update-clients':
      return `update ${clientsText(action.update.classes)}: ${updateText(action.update)}`;
    case 'heal':
      return `heal ${action.fault ?? 'everything'} of ${action.workers.join(', ')}`;
    case 'disturb':
      return disturbanceText(action);
    case 'recover':
      return `${action.fault ?? 'everything'} of ${action.dependencies.join(', ')} is over`;
    case 'dns': {
      const { fault, workers, forMs } = action;
      return `names of ${workers.join(', ')}: ${fault ?? 'healed'}${formatFor(forMs)}`;
    }
    case 'toxic':
    case 'remove-toxic':
      return linkActionText(action);
    case 'deploy':
    case 'rollback-deploy':
    case 'scale':
      return fleetActionText(action);
    case 'disrupt':
    case 'certificate':
      return frontActionText(action);
    case 'push-config':
      return `push a config, ${action.strategy.name}`;
    case 'push-gateway-config':
      return (
        `push a config to the ${action.to}, ${action.strategy.strategy ?? 'all-at-once'}` +
        (action.smokeTest === undefined ? '' : ', after a smoke test')
      );
    case 'rollback-gateway-config':
      return `roll the ${action.to}’s config back`;
    case 'rollback-config':
      return `roll the config back, ${action.strategy.name}`;
    case 'purge-cache':
      return cacheActionText(action);
    case 'lock-config':
      return `lock the config: ${action.reason}`;
    case 'unlock-config':
      return 'unlock the config';
  }
};

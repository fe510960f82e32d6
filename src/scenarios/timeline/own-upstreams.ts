/** What of a timeline is done to workers that badgateway starts, and so cannot be done to upstreams of the user's own. */
import type { EntryProblem, TimelineEntrySection } from './timeline.js';

const OWN = 'the upstreams are your own';

/** Why an action cannot be, and what could be done instead. */
const WHY: Readonly<Record<string, string>> = {
  inject: `is done to workers that badgateway starts, and ${OWN}; what can be done is a \`toxic\` on their links`,
  heal: `is done to workers that badgateway starts, and ${OWN}; take it out`,
  deploy: `replaces workers that badgateway starts, and ${OWN}; take it out`,
  'rollback-deploy': `replaces workers that badgateway starts, and ${OWN}; take it out`,
  scale: `starts and ends workers of badgateway, and ${OWN}; take it out`,
  disturb: `is done to what badgateway’s workers call, and ${OWN}; take it out`,
  recover: `is done to what badgateway’s workers call, and ${OWN}; take it out`,
  'push-config': `goes to badgateway’s workers, and ${OWN}; what goes to the gateway says \`to: gateway\``,
  'rollback-config': `is of badgateway’s workers, and ${OWN}; what the gateway goes back to says \`to: gateway\``,
  'lock-config': `is for the config of badgateway’s workers, and ${OWN}; take it out`,
  'unlock-config': `is for the config of badgateway’s workers, and ${OWN}; take it out`,
};

/** Of a gateway too, with `to`. */
const FOR_GATEWAYS = ['push-config', 'rollback-config'];

/** @param action the entry's. @returns `null`: it can be done. */
export const explainNeedOfWorkers = (action: string, { to }: TimelineEntrySection): EntryProblem | null => {
  const why = WHY[action];
  const isForGateway = FOR_GATEWAYS.includes(action) && to !== undefined && to !== 'workers';
  return why === undefined || isForGateway ? null : { key: action, message: why, atKey: true };
};

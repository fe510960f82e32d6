/** How a gateway checks upstreams of the user's own where its section does not say. */
import type { GatewaySection } from '../gateway/config.js';

/** By connecting and no more, as HAProxy's checks do by default: nobody knows which path such a server answers. */
export const withOwnHealthCheck = (section: GatewaySection): GatewaySection => {
  const { healthCheck = {}, profile } = section;
  if (profile === 'naive' || healthCheck === 'off') return section;
  if (healthCheck.type !== undefined || healthCheck.path !== undefined) return section;
  return { ...section, healthCheck: { ...healthCheck, type: 'tcp' } };
};

/** Who is asked for the names of upstreams. */
import { isIP } from 'node:net';
import type { GatewayConfig } from '../../gateway/config.js';
import type { ProxySite } from './target.js';

/** As for the built-in gateway, the section comes before the run. `null`: whoever the system asks. */
export const resolverOf = ({ names }: GatewayConfig, { resolver }: ProxySite): string | null =>
  names?.resolver ?? resolver ?? null;

/** DNS is on port 53 where nothing else is said. */
export const withDnsPort = (resolver: string): string => {
  if (isIP(resolver) === 6) return `[${resolver}]:53`;
  return isIP(resolver) === 4 ? `${resolver}:53` : resolver;
};

/**
 * What a run lays over every config of a gateway or the edge, whoever wrote it: certificates, what its error page leads to,
 * and which edge it may believe.
 */
import { type GatewayConfig, type GatewaySection, resolveGatewayConfig } from '../../gateway/config.js';

export interface PageSurroundings {
  /** Of the run's own status page; `null`: it has none. */
  readonly statusPage: string | null;
  /** There are several, and an error page says which of them it is from. */
  readonly isOneOfSeveral: boolean;
}

/** @param id of the gateway's place. @param config as the scenario has it, which comes first. */
export const pageOverlay = (
  id: string,
  { profile, location, errorPage }: GatewayConfig,
  { statusPage, isOneOfSeveral }: PageSurroundings,
): GatewaySection =>
  profile === 'naive'
    ? {}
    : {
        ...(location === null && isOneOfSeveral && { location: id }),
        ...(errorPage.statusPage === null && statusPage !== null && { errorPage: { statusPage } }),
      };

/** @param host of the edge before it; `null`: there is none. @param config as the scenario has it, which comes first. */
export const edgeOverlay = ({ profile, listener }: GatewayConfig, host: string | null): GatewaySection =>
  profile === 'naive' || host === null || listener.trustedEdges.length > 0
    ? {}
    : { listener: { trustedEdges: [host] } };

/** A config with what is laid over it. */
export const overlaid = (config: GatewayConfig, overlay: GatewaySection): GatewayConfig => {
  const { listener, upstreamTls, location, errorPage } = resolveGatewayConfig(overlay);
  return {
    ...config,
    listener: {
      ...config.listener,
      tls: listener.tls,
      trustedEdges: listener.trustedEdges.length > 0 ? listener.trustedEdges : config.listener.trustedEdges,
    },
    upstreamTls: upstreamTls ?? config.upstreamTls,
    location: location ?? config.location,
    errorPage: { ...config.errorPage, statusPage: errorPage.statusPage ?? config.errorPage.statusPage },
  };
};

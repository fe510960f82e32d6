/** One version of the config at work: the pipelines of its routes, and the door in front of them. */
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../core/errors.js';
import { type CriticalityOptions, classify } from '../policies/criticality.js';
import type { Call, ProxyRequest, ProxyResponse, Service } from '../policies/service.js';
import { DEFAULT_ROUTE } from './config/routing.js';
import type { GatewayConfig } from './config.js';
import type { Rules } from './edge/rules.js';
import { Parts, type Surroundings } from './parts.js';
import { endpointService, routeService } from './pipeline.js';
import { RouteTable } from './routes.js';

interface Route {
  readonly service: Service;
  /** `null`: all requests are alike. */
  readonly criticality: CriticalityOptions | null;
}

export class Generation {
  readonly config: GatewayConfig;
  readonly parts: Parts;
  /** `null`: there are none. */
  readonly rules: Rules | null;
  readonly #routes: RouteTable<Route>;

  constructor(config: GatewayConfig, around: Surroundings) {
    this.config = config;
    this.parts = new Parts(config, around);
    this.rules = this.parts.rules();
    for (const endpoint of this.parts.endpoints.values()) {
      endpoint.service = endpointService(endpoint, this.parts);
    }
    const { criticality } = config;
    const routes = config.routes ?? [DEFAULT_ROUTE];
    this.#routes = new RouteTable(
      routes.map((route) => [
        route,
        {
          service: routeService(route, this.parts),
          criticality: criticality && {
            ...criticality,
            otherwise: route.criticality ?? criticality.otherwise,
          },
        },
      ]),
    );
  }

  /** 0: the request may come in; else how long its client has to wait for a token. */
  waitAtDoorMs({ socket }: IncomingMessage, { startedMs }: Call): number {
    return this.parts.buckets?.take(socket.remoteAddress ?? '', startedMs) ?? 0;
  }

  handle(request: ProxyRequest, call: Call): Promise<ProxyResponse> {
    const route = this.#routes.find(request.method, request.path);
    if (route === null) {
      return Promise.reject(new GatewayError('BGW_ERR_NO_ROUTE', `${request.method} ${request.path}`));
    }
    if (route.criticality !== null) call.criticality = classify(request.headers, route.criticality);
    return route.service(request, call);
  }

  close(): void {
    this.parts.close();
  }
}

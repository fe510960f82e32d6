/** One version of the config at work: the pipelines of its routes, and the door in front of them. */
import type { IncomingMessage } from 'node:http';
import { type ErrorCode, GatewayError } from '../core/errors.js';
import { type CriticalityOptions, classify } from '../policies/criticality.js';
import type { Call, ProxyRequest, ProxyResponse, Service } from '../policies/service.js';
import { DEFAULT_ROUTE } from './config/routing.js';
import type { GatewayConfig } from './config.js';
import { originForm } from './edge/request-checks.js';
import type { Rules } from './edge/rules.js';
import { Parts, type Surroundings } from './parts.js';
import { endpointService, routeService } from './pipeline.js';
import { type Recovery, RecoveryEstimates } from './recovery.js';
import { RouteTable } from './routes.js';
import type { Upstream } from './upstream-pool.js';

interface Route {
  readonly service: Service;
  /** `null`: all requests are alike. */
  readonly criticality: CriticalityOptions | null;
  readonly recovery: RecoveryEstimates;
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
          recovery: this.#recoveryOf(route.pool),
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

  /** When a request that failed may be worth another try; `null`: not known. */
  recovery(code: ErrorCode, { method = '', url = '' }: IncomingMessage, nowMs: number): Recovery | null {
    return this.#routes.find(method, originForm(url) ?? url)?.recovery.of(code, nowMs) ?? null;
  }

  #recoveryOf(pool: string | null): RecoveryEstimates {
    const { endpoints, outliers, globalLimit } = this.parts;
    const all = [...endpoints.keys()];
    return new RecoveryEstimates({
      upstreams: pool === null ? all : all.filter(({ id }) => this.config.pools[pool]?.includes(id)),
      endpointOf: (upstream: Upstream) => endpoints.get(upstream),
      ejectedUntilMs: (id) => outliers?.detector.ejectedUntilMs(id) ?? null,
      queuedGlobally: () => globalLimit?.queued ?? 0,
    });
  }

  close(): void {
    this.parts.close();
  }
}

/** Every proxy that may stand in the gateway's place. To add one: a folder, a line here, its tests. */
import { caddy } from './caddy/caddy.js';
import { envoy } from './envoy/envoy.js';
import { haproxy } from './haproxy/haproxy.js';
import { nginx } from './nginx/nginx.js';
import type { ProxyKind, ProxyName } from './target.js';

export const PROXIES: Readonly<Record<ProxyName, ProxyKind>> = { nginx, haproxy, caddy, envoy };

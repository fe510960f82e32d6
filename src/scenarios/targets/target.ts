/**
 * What may stand in the gateway's place. A proxy is told in its own words what the neutral `gateway:` section wants; what
 * it has no words for is listed beside its numbers, and a threshold that needs it is skipped.
 */
import type { GatewayConfig } from '../../gateway/config.js';

/** Proxies that are not ours: each is a program that has to be installed. */
export const PROXY_NAMES = ['nginx', 'haproxy', 'caddy', 'envoy'] as const;
export type ProxyName = (typeof PROXY_NAMES)[number];

/**
 * `gateway`: the built-in one, as the scenario has it; `naive`: plain reply-from in its place; `direct`: nothing, clients
 * go to the workers.
 */
export const TARGET_NAMES = ['gateway', 'naive', 'direct', ...PROXY_NAMES] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** Something of the `gateway:` section that a target cannot do, or does otherwise. */
export interface Loss {
  /** Where it is in the section, such as `['breaker']` or `['retry', 'budget']`. */
  readonly path: readonly string[];
  /** What is missing and what stands in its place, if anything; one sentence without a full stop. */
  readonly text: string;
  /**
   * `missing`: nothing like it is there, so what a scenario says of it does not hold. `otherwise`: it is done in another
   * way, which may show in the numbers.
   */
  readonly degree: 'missing' | 'otherwise';
}

/** One upstream as a proxy is to use it now. */
export interface ProxyUpstream {
  /** Letters, digits and hyphens, such as `worker-1`. */
  readonly id: string;
  /** An address; a name where the scenario gives workers names. */
  readonly host: string;
  readonly port: number;
  /** Relative to the others, a whole number from 0 to 256; 0: it gets nothing new. */
  readonly weight: number;
  /** 0 is used first, 1 when those are all gone, and so on. */
  readonly priority: number;
  /** Gets nothing new; what is in flight ends. */
  readonly drained: boolean;
}

/** Where a proxy of a run stands: everything it writes is in its folder, everything it opens is on this host. */
export interface ProxySite {
  readonly host: string;
  /** Where clients connect. */
  readonly port: number;
  /** For the proxy's own admin interface, where it is reached by a port; the proxy may leave it alone. */
  readonly adminPort: number;
  /** Absolute, without a slash at its end, made for this run, and short enough for a socket's path in it. */
  readonly folder: string;
  /** Asked for names of upstreams, `host:port`; undefined: upstreams are addresses. */
  readonly resolver: string | undefined;
  /**
   * `run`: with logs, process file and temporary folders under `folder`, an admin interface, and a Ray ID for each answer.
   * `export`: what somebody takes home. None of these, each part with a comment that says what it stands for.
   */
  readonly purpose: 'run' | 'export';
}

/** What a proxy is to be like. */
export interface ProxyState {
  readonly config: GatewayConfig;
  readonly upstreams: readonly ProxyUpstream[];
}

/** A state in a proxy's own words. */
export interface Translation {
  /** Texts by name in the folder of the site; the first is what the proxy is started with. */
  readonly files: Readonly<Record<string, string>>;
  readonly losses: readonly Loss[];
}

/** What a proxy itself says of how a request failed. */
export interface Evidence {
  /** As in the answer's `x-ray-id`. */
  readonly rayId: string;
  /** In a few words, such as `sC: refused by the server (HAProxy termination state)`. */
  readonly text: string;
  /** The line of its log, as it is. */
  readonly line: string;
}

/** What it takes to run one kind of proxy. Everything is a pure function but `follow`. */
export interface ProxyKind {
  readonly name: ProxyName;
  /** As its makers write it, such as `HAProxy`. */
  readonly title: string;
  /** The program's file name, looked for in PATH, `/usr/sbin`, `/usr/local/sbin` and `/usr/local/bin`. */
  readonly binary: string;
  /** What makes it tell its version, and where that is in what it says. */
  readonly version: { readonly args: readonly string[]; readonly pattern: RegExp };
  /** @throws nothing: what cannot be said is a loss. */
  readonly translate: (state: ProxyState, site: ProxySite) => Translation;
  /**
   * Arguments with which it runs in the foreground, as an ordinary user.
   * @param file absolute, the config's.
   * @param config for what only an argument can say, such as the number of its threads.
   */
  readonly args: (file: string, site: ProxySite, config?: GatewayConfig) => readonly string[];
  /** Added to its environment, where that says what no config and no argument of it can. */
  readonly environment?: (site: ProxySite, config: GatewayConfig) => Readonly<Record<string, string>>;
  /** Arguments with which it reads the config, says what is wrong with it, and ends with 0 if nothing is. */
  readonly checkArgs: (file: string, site: ProxySite) => readonly string[];
  /**
   * Where its standard output goes when that is its log, a name in the folder; undefined: it is read for messages.
   */
  readonly stdoutFile?: string;
  /** Changes what a config of the user's says of a service of the system, and no run can have so; default: nothing. */
  readonly adapt?: (text: string, site: ProxySite) => string;
  /** Whether it can be told who is drained while it runs a config of the user's; default: not. */
  readonly drainsOwn?: boolean;
  /**
   * Brings a running proxy from one state to another by its own means. Its files are those of the new state already.
   * @throws Error with what the proxy said when it does not take it; it then goes on as before.
   */
  readonly follow: (running: RunningProxy, before: ProxyState, after: ProxyState) => Promise<void>;
  /**
   * Reads its logs. @param read gives the text of a file in the folder, '' where there is none.
   * @param rayIds those wanted: a log holds every request of a run.
   */
  readonly readEvidence: (read: (file: string) => string, rayIds: ReadonlySet<string>) => readonly Evidence[];
}

/** A proxy that runs, as `follow` gets it. */
export interface RunningProxy {
  readonly site: ProxySite;
  /** Of its first process. */
  readonly pid: number;
  /** Absolute path of the config it was started with. */
  readonly file: string;
  /** Aborted when it is to end or has been killed: then nothing more is to be waited for. */
  readonly ending: AbortSignal;
}

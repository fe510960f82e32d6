/** Every type of event there is, and what it tells. Types are past tense: an event is a fact, not a request. */

/** What may end a worker's process as a death; `operator`: somebody did it by hand. */
export type Killer = 'watchdog' | 'liveness' | 'operator';

export interface EventMap {
  'run.noted': { readonly text: string };
  /** A user did, on the status page. */
  'error.reported': { readonly rayId: string };
  /** By hand; `rateRps`: in place of the plan's rates, `null`: these. */
  'load.changed': { readonly scale: number; readonly rateRps: number | null };
  'worker.started': { readonly worker: string; readonly pid: number; readonly configVersion: number };
  'worker.exited': {
    readonly worker: string;
    readonly pid: number;
    readonly code: number | null;
    readonly signal: string | null;
    /** V8's own last words, when memory was the cause. */
    readonly fatalLine: string | null;
    /** Heap in use at the last sample before the death, and how old that sample was. */
    readonly lastHeapBytes: number;
    readonly lastSampleAgeMs: number;
    readonly heapLimitBytes: number;
    readonly uptimeMs: number;
    /** `null`: nobody comes after it. */
    readonly restartInMs: number | null;
    /** Config version the worker ran. */
    readonly configVersion: number;
  };
  /** A process was ended on purpose; `reason`: scale-in, recycle, deploy or restart. */
  'worker.stopped': {
    readonly worker: string;
    readonly pid: number;
    readonly reason: string;
    /** How long it was waited for what was in flight. */
    readonly drainedMs: number;
    /** In flight all the same, by its last sample. */
    readonly lost: number;
  };
  /** Killed because it did not live any more; its death follows. */
  'worker.killed': { readonly worker: string; readonly by: Killer; readonly reason: string };
  'worker.turned-ready': { readonly worker: string };
  'worker.turned-unready': { readonly worker: string; readonly reason: string };
  /** Replaced before its heap was full. */
  'worker.recycled': { readonly worker: string; readonly heapRatio: number; readonly tookMs: number };
  /** Refused from now on, because the workers that served it died. */
  'request.quarantined': {
    readonly fingerprint: string;
    readonly deaths: number;
    readonly forMs: number;
  };
  'fleet.scaled': {
    readonly from: number;
    readonly to: number;
    readonly by: 'autoscale' | 'ordered';
    readonly reason: string;
  };
  'fleet.scaling-refused': { readonly workers: number; readonly reason: string };
  'deploy.began': { readonly version: number; readonly strategy: string; readonly workers: number };
  /** One worker has the version. */
  'deploy.advanced': { readonly version: number; readonly worker: string };
  /** Requests go to the new workers, and the old ones stand by. */
  'deploy.switched': { readonly version: number; readonly from: number };
  'deploy.finished': { readonly version: number; readonly tookMs: number };
  'deploy.failed': { readonly version: number; readonly reason: string };
  'deploy.refused': { readonly version: number; readonly reason: string };
  'deploy.rolled-back': { readonly from: number; readonly version: number; readonly reason: string };
  'upstream.turned-unhealthy': { readonly upstream: string; readonly reason: string };
  'upstream.turned-healthy': { readonly upstream: string };
  'upstream.ejected': {
    readonly upstream: string;
    /** What noticed it; `by-hand`: an operator. */
    readonly detector: string;
    readonly observed: number;
    readonly threshold: number;
    readonly forMs: number;
  };
  /** Noticed, and left in. */
  'upstream.spared': {
    readonly upstream: string;
    readonly detector: string;
    readonly observed: number;
    readonly threshold: number;
    readonly reason: string;
  };
  'upstream.unejected': { readonly upstream: string; readonly reason: string; readonly afterMs: number };
  'upstream.drained': { readonly upstream: string };
  'upstream.undrained': { readonly upstream: string };
  'upstream.weighted': { readonly upstream: string; readonly weight: number };
  /** A lookup of an upstream's name came to nothing; told of each lookup, not of each who waited for it. */
  'name.lookup-failed': { readonly name: string; readonly reason: string };
  /** An address is used past its TTL; told once for each lookup that failed. */
  'name.served-stale': { readonly name: string; readonly staleMs: number };
  'name.recovered': { readonly name: string; readonly afterMs: number };
  /** It resolves to something else than before. */
  'name.changed': { readonly name: string; readonly from: string; readonly to: string };
  /** So few are healthy that health is not believed any more. */
  'panic.began': { readonly pool: string };
  'panic.ended': { readonly pool: string };
  'attempt.failed': {
    readonly rayId: string;
    readonly upstream: string;
    readonly cause: string;
    readonly afterMs: number;
    /** Of a request whose client left, which no answer tells its Ray ID: what the client called it (`x-request-id`). */
    readonly requestId?: string;
  };
  /** Told when the wait before the next attempt begins. */
  'attempt.retried': {
    readonly rayId: string;
    /** 2 for the first retry. */
    readonly attempt: number;
    readonly cause: string;
    readonly waitMs: number;
    /** Where an answer's status is the cause, whose it was; where nobody answered, `attempt.failed` tells of it. */
    readonly upstream?: string;
    /** The same of the answer: since that attempt began. */
    readonly afterMs?: number;
  };
  'retry.refused': {
    readonly rayId: string;
    readonly cause: string;
    /** `budget`, `deadline`, `retry-after`, `not-repeatable` or `attempts`. */
    readonly reason: string;
    /** On which numbers. */
    readonly detail: string;
  };
  'request.hedged': { readonly rayId: string; readonly afterMs: number };
  'hedge.won': { readonly rayId: string };
  /** Its budget was spent; `detail`: on which numbers. */
  'hedge.refused': { readonly rayId: string; readonly detail: string };
  /** It got an error that a policy decided on; `detail`: on which numbers. */
  'request.refused': { readonly rayId: string; readonly cause: string; readonly detail: string };
  /** Refused by admission control. */
  'request.shed': { readonly criticality: string };
  /** A concurrency limit that adapts; `of`: an upstream's id, `global` or `route NAME`. */
  'limit.changed': { readonly of: string; readonly limit: number };
  'queue.dropped': { readonly of: string; readonly reason: string };
  'cache.served-stale': { readonly rayId: string; readonly reason: string };
  'cache.evicted': { readonly key: string; readonly bytes: number };
  'cache.purged': {
    readonly responses: number;
    /** They were kept, and are stale from now on. */
    readonly soft: boolean;
  };
  'certificate.reloaded': { readonly certificate: string };
  'certificate.refused': { readonly certificate: string; readonly reason: string };
  'client.refused': {
    readonly rayId: string;
    readonly cause: string;
    /** What decided, on which numbers. */
    readonly detail: string;
    /** Of the gateway's rules; left out where none of them did it. */
    readonly rule?: string;
  };
  /** A rule of the gateway fitted a request, and is there to be looked at only. */
  'rule.logged': { readonly rayId: string; readonly rule: string };
  /** Its regular expressions burned the processor: they took so long within a window. */
  'rule.switched-off': { readonly rule: string; readonly tookMs: number };
  'circuit.opened': {
    readonly upstream: string;
    /** What it was before: one that is half-open opens when its trial fails. */
    readonly from: 'closed' | 'half-open';
    /** Of the outcomes in the window. */
    readonly failed: number;
    readonly outcomes: number;
    /** Of the outcomes; more of them failed. */
    readonly errorRatio: number;
    readonly openMs: number;
  };
  'circuit.half-opened': { readonly upstream: string };
  'circuit.closed': { readonly upstream: string };
  /** One of several processes that share the gateway's port, by its number from 1. */
  'gateway.process-started': { readonly process: number; readonly pid: number };
  'gateway.process-exited': {
    readonly process: number;
    readonly pid: number;
    readonly code: number | null;
    readonly signal: string | null;
    /** What it said of it, if anything. */
    readonly reason: string;
    readonly restartInMs: number;
  };
  'config.pushed': {
    readonly version: number;
    readonly to: string;
    readonly strategy: string;
    readonly readers: number;
  };
  'config.assigned': { readonly version: number; readonly reader: string };
  'config.applied': { readonly version: number; readonly reader: string };
  /** The share of the requests that get a version changed; 1: all of them, 0: none any more. */
  'config.share-changed': { readonly version: number; readonly shareRatio: number };
  'config.promoted': { readonly version: number; readonly to: string };
  'config.rolled-back': {
    readonly from: number;
    readonly version: number;
    readonly reason: string;
    readonly to: string;
  };
  'config.rollback-finished': { readonly version: number; readonly to: string };
  'config.refused': { readonly status: number; readonly reason: string };
  'config.locked': { readonly by: string; readonly reason: string; readonly to: string };
  'config.unlocked': { readonly by: string; readonly to: string };
  'config.glass-broken': { readonly by: string; readonly reason: string };
  /** `kill`, `stop` or `block`, of a gateway or the edge. */
  'gateway.disrupted': {
    readonly gateway: string;
    readonly how: string;
    /** `null`: to the end of the run. */
    readonly forMs: number | null;
  };
  'gateway.recovered': {
    readonly gateway: string;
    readonly how: string;
    /** Version of its config that it started with; left out where it was not started anew. */
    readonly configVersion?: number;
  };
  /** The certificate that a gateway or the edge shows to whoever connects; `as`: valid, expired, wrong-name, untrusted. */
  'certificate.replaced': { readonly gateway: string; readonly as: string; readonly forMs: number | null };
  'fault.injected': {
    readonly fault: string;
    readonly worker: string;
    /** `null`: until it is healed. */
    readonly forMs: number | null;
    readonly options: Readonly<Record<string, unknown>>;
  };
  'dependency.disturbed': {
    readonly fault: string;
    readonly dependency: string;
    /** `null`: until it recovers by order. */
    readonly forMs: number | null;
    readonly options: Readonly<Record<string, unknown>>;
  };
  'dependency.recovered': {
    readonly fault: string;
    readonly dependency: string;
    /** `time-over`, `ordered`, or `restarted`: it went with the process. */
    readonly reason: string;
  };
  /** A worker's breaker for a dependency; `state`: closed, open or half-open. */
  'dependency.circuit-changed': {
    readonly dependency: string;
    readonly worker: string;
    readonly state: string;
  };
  /** Something is wrong with the link before a worker, which is called as the worker is. */
  'link.toxic-added': {
    readonly link: string;
    /** Of this toxic; there may be several of one kind. */
    readonly name: string;
    readonly toxic: string;
    /** `upstream`, `downstream` or `both`. */
    readonly stream: string;
    readonly toxicity: number;
    readonly attributes: Readonly<Record<string, number>>;
    /** `null`: until it is removed. */
    readonly forMs: number | null;
    /** `timeline`, or `api`: a client of the links' own HTTP API. */
    readonly by: string;
  };
  'link.toxic-removed': {
    readonly link: string;
    readonly name: string;
    readonly toxic: string;
    /** `time-over`, `ordered`, `api`, or `run-over`. */
    readonly reason: string;
  };
  /** An operator's order that goes the clients' way was answered, and is carried out now. */
  'order.accepted': {
    readonly order: string;
    /** How often it was sent. */
    readonly tries: number;
    /** Since it was first sent. */
    readonly afterMs: number;
  };
  /** It was not, and is sent again. */
  'order.failed': {
    readonly order: string;
    readonly tries: number;
    readonly afterMs: number;
    /** 0: no answer at all. */
    readonly status: number;
    readonly cause: string;
  };
  /** Clients do something otherwise from now on: a release of their app, or new settings for it. */
  'clients.updated': {
    /** Of whom, by class; empty: of all, who are alike. */
    readonly classes: readonly string[];
    /** As in the timeline: `patience`, `retry`. */
    readonly changes: Readonly<Record<string, unknown>>;
    /** `null`: to the end of the run. */
    readonly forMs: number | null;
  };
  /** The time of an update is over: they do what they did without it. */
  'clients.reverted': {
    readonly classes: readonly string[];
    readonly changes: Readonly<Record<string, unknown>>;
  };
  /** Hostile clients begin to send. */
  'flood.began': { readonly path: string; readonly rateRps: number; readonly identities: number };
  'flood.ended': { readonly path: string; readonly sent: number; readonly skipped: number };
  /** A fault of the timeline that its worker could not get. */
  'fault.refused': {
    readonly fault: string;
    readonly worker: string;
    /** `down`: no process serves in the worker's place, because it died, is on its way or is not needed. */
    readonly reason: string;
  };
  'fault.healed': {
    readonly fault: string;
    readonly worker: string;
    /** `time-over`, `ordered`, or `restarted`: it went with the process. */
    readonly reason: string;
  };
}

export type EventType = keyof EventMap;

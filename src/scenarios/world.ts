/**
 * The world a variant runs in: everything the runner touches, and nothing it needs to know about how it is made. The
 * real one is processes and sockets (`real-world.ts`).
 */
import type { Clock } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import type { Dependencies } from '../upstream/dependencies/dependency-fleet.js';
import type { Fleet } from '../upstream/fleet.js';
import type { LinkFleet } from '../upstream/links/link-fleet.js';
import type { LoadChange, LoadStatus } from './clients/arrivals.js';
import type { FloodPlan } from './clients/flood.js';
import type { PlaceStatus } from './front/front.js';
import type { Recorder } from './measure/recorder.js';
import type { ClientUpdate } from './timeline/clients.js';
import type { CertificateChange, Disruption } from './timeline/front.js';
import type { NameAction } from './timeline/names.js';
import type { SendOrder } from './timeline/orders.js';
import type { EntryScope } from './timeline/timeline.js';

export interface World {
  readonly clock: Clock;
  readonly fleet: Fleet;
  /** What an entry of a timeline that comes by hand is checked against. */
  readonly scope: EntryScope;
  readonly dependencies: Dependencies;
  /** `null`: the gateway talks to the workers directly. */
  readonly links: LinkFleet | null;
  readonly emit: Emit;
  /** Where everything that happens is written to. */
  readonly recorder: Recorder;
  /** Brings everything up. @throws UserError when something cannot start. */
  start(): Promise<void>;
  /** Begins the load at that moment of the clock. @returns when the last client is done. */
  runLoad(originMs: number): Promise<void>;
  /** Makes the names of workers misbehave, or heals them. */
  disturbNames(action: NameAction): void;
  /** Gives clients something to do otherwise. */
  updateClients(update: ClientUpdate): void;
  /** Makes the stages of the load send more or less from now on. */
  changeLoad(change: LoadChange): void;
  load(): LoadStatus;
  /** Begins a flood that was not planned, now. */
  beginFlood(plan: FloodPlan): void;
  /** The gateways and the edge; those of somebody else are not among them. */
  front(): readonly PlaceStatus[];
  /** Does something to a gateway or the edge. */
  disrupt(action: Disruption): void;
  /** Gives gateways or the edge another certificate, good or bad. */
  replaceCertificates(action: CertificateChange): void;
  /** Asks the admin API of the gateways, or of the edge, for something; what becomes of it is told by events. */
  askGateway(to: 'gateway' | 'edge', method: 'PUT' | 'POST', path: string, body: object): void;
  /** Sends an order the way that clients' requests go. Only while the run goes on. */
  readonly sendOrder: SendOrder;
  /** Ends everything that was started, in whatever state it is. */
  stop(): Promise<void>;
}

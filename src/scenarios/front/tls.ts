/** TLS at the front of a run: which gateways speak it, with what certificates, and what becomes of these. */
import type { Clock, Timer } from '../../core/clock.js';
import type { Emit } from '../../core/events.js';
import type { GatewaySection } from '../../gateway/config.js';
import type { ClientTls } from '../messages.js';
import type { CertificateChange } from '../timeline/front.js';
import { type CertificateState, type CertificateStore, SERVICE_NAME } from './certificates.js';
import { EDGE, type FrontConfig } from './config.js';

/** How soon a gateway takes another certificate; the clock of a scenario is compressed, and the default is 5 s. */
const RELOAD = '100ms';

export interface FrontTlsParts {
  readonly config: FrontConfig;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Called once, where anybody speaks TLS. */
  readonly makeCertificates: () => Promise<CertificateStore>;
}

export class FrontTls {
  readonly #parts: FrontTlsParts;
  /** `null`: nobody speaks TLS. */
  readonly #certificates: CertificateStore | null;
  readonly #renewals = new Map<string, Timer>();

  private constructor(parts: FrontTlsParts, certificates: CertificateStore | null) {
    this.#parts = parts;
    this.#certificates = certificates;
  }

  /** To be stopped, or its files stay. */
  static async start(parts: FrontTlsParts): Promise<FrontTls> {
    const { config, makeCertificates } = parts;
    const isSpoken = config.tls || config.edge?.tls;
    return new FrontTls(parts, isSpoken ? await makeCertificates() : null);
  }

  /** What clients need to know; `null`: nobody speaks TLS. */
  get ofClients(): ClientTls | null {
    return this.#certificates && { authority: this.#certificates.authority, name: SERVICE_NAME };
  }

  /** What a run lays over every config of a gateway or the edge, whose certificate is made here. */
  overlayOf(id: string): GatewaySection {
    if (this.#certificates === null) return {};
    const { tls, edge } = this.#parts.config;
    const isEdge = id === EDGE;
    const { authorityPath } = this.#certificates;
    return {
      ...((isEdge ? edge?.tls : tls) && { listener: { tls: this.#listenerTls(this.#certificates, id) } }),
      ...(isEdge && tls && { upstreamTls: { ca: authorityPath, name: SERVICE_NAME } }),
    };
  }

  replace({ as, targets, forMs }: CertificateChange): void {
    for (const target of targets) {
      this.#renewals.get(target)?.cancel();
      this.#issue(target, as, forMs);
      if (forMs === null) continue;
      const renewal = this.#parts.clock.after(forMs, () => this.#issue(target, 'valid', null));
      this.#renewals.set(target, renewal);
    }
  }

  stop(): void {
    for (const renewal of this.#renewals.values()) renewal.cancel();
    this.#certificates?.remove();
  }

  #listenerTls(certificates: CertificateStore, id: string) {
    const { certificatePath, keyPath } = certificates.issue(id, 'valid');
    return { certificate: certificatePath, key: keyPath, reload: RELOAD };
  }

  #issue(id: string, as: CertificateState, forMs: number | null): void {
    this.#certificates?.issue(id, as);
    this.#parts.emit('certificate.replaced', { gateway: id, as, forMs });
  }
}

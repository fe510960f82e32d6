/** The section `gateway.upstreamTls`: TLS on the way to the upstreams, and whose certificates are believed there. */
import { Optional, Section, type Static, Type } from '../../core/schema.js';

export const UpstreamTlsSchema = Section(
  {
    ca: Optional(
      Type.String({
        minLength: 1,
        description: 'File of the certificate authorities that are believed, PEM; default: those of Node.',
      }),
    ),
    name: Optional(
      Type.String({
        pattern: '^[A-Za-z0-9.-]+$',
        description: 'Name that their certificates have to be for; default: the upstream’s own host.',
      }),
    ),
  },
  'HTTPS to upstreams: one whose certificate is expired, for another name or of nobody we know gets no request.',
);

export interface UpstreamTlsConfig {
  /** `null`: those that Node brings along. */
  readonly caPath: string | null;
  /** `null`: each upstream's own host. */
  readonly name: string | null;
}

export const resolveUpstreamTls = ({ ca, name }: Static<typeof UpstreamTlsSchema>): UpstreamTlsConfig => ({
  caPath: ca ?? null,
  name: name ?? null,
});

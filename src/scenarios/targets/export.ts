/** A variant's `gateway:` section as a proxy's config, to take home. */
import type { HttpAddress } from '../../core/http-address.js';
import type { Variant } from '../scenario.js';
import { variantUpstreams } from './losses.js';
import type { Loss, ProxyKind, ProxySite, ProxyUpstream, Translation } from './target.js';

export interface ExportOptions {
  readonly proxy: ProxyKind;
  /** Where it is to listen; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** By worker; one that is not named has that of the scenario where it names upstreams, else an example. */
  readonly addresses: Readonly<Record<string, Address>>;
  /** What is known of the variant, a line each. */
  readonly about: readonly string[];
}

export type Address = Pick<HttpAddress, 'host' | 'port'>;

/** What may be a variant's, for it to be exported. */
type Exported = Pick<Variant, 'gateway' | 'scope' | 'fleet'>;

/** Where the upstreams of a variant are, as far as that is known. */
export const knownAddresses = (
  { scope, fleet }: Pick<Exported, 'scope' | 'fleet'>,
  given: Readonly<Record<string, Address>>,
): Record<string, Address> => ({
  ...Object.fromEntries((fleet.upstreams ?? []).map((address, index) => [scope.workers[index], address])),
  ...given,
});

const addressed = (upstream: ProxyUpstream, address: Address | undefined): ProxyUpstream =>
  address === undefined ? upstream : { ...upstream, host: address.host, port: address.port };

const LINE_BREAK = /\r\n|[\n\r\u2028\u2029]/;
const CONTROL = /\p{Cc}/gu;

/** Comments of a config. What comes of a scenario may hold anything, and must not end the comment it stands in. */
const commented = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => text.split(LINE_BREAK)).map((line) => `# ${line.replace(CONTROL, ' ')}`.trimEnd());

const DEGREES: Readonly<Record<Loss['degree'], string>> = {
  missing: 'Not in this file, because it cannot be:',
  otherwise: 'In this file, but otherwise than where it was proven:',
};

const commentsOf = (about: readonly string[], losses: readonly Loss[], title: string): string[] => [
  ...about,
  ...(['missing', 'otherwise'] as const).flatMap((degree) => {
    const told = losses.filter((loss) => loss.degree === degree);
    if (told.length === 0) return [];
    return ['', DEGREES[degree], ...told.map(({ path, text }) => `  gateway.${path.join('.')}: ${text}`)];
  }),
  ...(losses.length === 0 ? ['', `${title} can do all of it.`] : []),
];

/** @returns the files, the first with comments at its top that say what it is and what of the variant is lost. */
export const exportConfig = (
  variant: Exported,
  { proxy, host, port, addresses, about }: ExportOptions,
): Translation => {
  const site: ProxySite = {
    ...{ host, port, adminPort: 0, folder: '/var/lib/badgateway' },
    ...{ resolver: undefined, purpose: 'export' },
  };
  const known = knownAddresses(variant, addresses);
  const upstreams = variantUpstreams(variant.gateway, variant.scope).map((one) =>
    addressed(one, known[one.id]),
  );
  const { files, losses } = proxy.translate({ config: variant.gateway, upstreams }, site);
  const [[main, text] = ['', ''], ...more] = Object.entries(files);
  const comments = commented(commentsOf(about, losses, proxy.title));
  return { files: { [main]: `${comments.join('\n')}\n\n${text}`, ...Object.fromEntries(more) }, losses };
};

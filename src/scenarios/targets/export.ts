/** A variant's `gateway:` section as a proxy's config, to take home. */
import type { Variant } from '../scenario.js';
import { variantUpstreams } from './losses.js';
import type { Loss, ProxyKind, ProxySite, ProxyUpstream, Translation } from './target.js';

export interface ExportOptions {
  readonly proxy: ProxyKind;
  /** Where it is to listen. */
  readonly host: string;
  readonly port: number;
  /** Addresses by worker, `host:port`; one that is not named keeps an example. */
  readonly addresses: Readonly<Record<string, string>>;
  /** What is known of the variant, a line each. */
  readonly about: readonly string[];
}

const addressed = (upstream: ProxyUpstream, address: string | undefined): ProxyUpstream => {
  if (address === undefined) return upstream;
  const at = address.lastIndexOf(':');
  return { ...upstream, host: address.slice(0, at), port: Number(address.slice(at + 1)) };
};

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
  variant: Pick<Variant, 'gateway' | 'scope'>,
  { proxy, host, port, addresses, about }: ExportOptions,
): Translation => {
  const site: ProxySite = {
    ...{ host, port, adminPort: 0, folder: '/var/lib/badgateway' },
    ...{ resolver: undefined, purpose: 'export' },
  };
  const upstreams = variantUpstreams(variant.gateway, variant.scope).map((one) =>
    addressed(one, addresses[one.id]),
  );
  const { files, losses } = proxy.translate({ config: variant.gateway, upstreams }, site);
  const [[main, text] = ['', ''], ...more] = Object.entries(files);
  const comments = commentsOf(about, losses, proxy.title).map((line) => `# ${line}`.trimEnd());
  return { files: { [main]: `${comments.join('\n')}\n\n${text}`, ...Object.fromEntries(more) }, losses };
};

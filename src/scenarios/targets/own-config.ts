/**
 * A user's own config of a proxy, with places that a run fills in. What it says is taken as it is; the scenario's
 * `gateway:` section says nothing beside it.
 *
 * - `{{listen}}`: address and port where clients connect, `{{host}}` and `{{port}}` each alone
 * - `{{worker-1}}`: a worker's address and port; so too `{{worker-1.host}}` and `{{worker-1.port}}`
 * - `{{workers: server %id %address;}}`: the text after the colon once for each worker, each on a line of its own, with
 *   `%id`, `%address`, `%host` and `%port` filled in
 * - `{{folder}}`: a folder of the run's own, for logs and the like; `{{admin-port}}`: a free port
 *
 * What a config has in place of these, such as the address of a server in production, can be named beside it instead
 * (`--map 10.0.0.7:8080=worker-1`), and stays in the file as it is.
 */
import { usageError } from '../../core/errors.js';
import { hostAndPort } from '../../core/http-address.js';
import { thereAre } from '../../core/nearest.js';
import type { ProxySite, ProxyUpstream } from './target.js';

export interface OwnConfig {
  /** As the user names it. */
  readonly file: string;
  readonly text: string;
  /** By text that the config has, what is meant: a worker, or `listen`. */
  readonly map: Readonly<Record<string, string>>;
}

type Places = Readonly<Record<string, string>>;

const placesOf = (site: ProxySite, upstreams: readonly ProxyUpstream[]): Places => ({
  listen: hostAndPort(site),
  host: site.host,
  port: String(site.port),
  folder: site.folder,
  'admin-port': String(site.adminPort),
  ...Object.fromEntries(
    upstreams.flatMap(({ id, host, port }) => [
      [id, hostAndPort({ host, port })],
      [`${id}.host`, host],
      [`${id}.port`, String(port)],
    ]),
  ),
});

const forEachWorker = (template: string, upstreams: readonly ProxyUpstream[]): string =>
  upstreams
    .map(({ id, host, port }) =>
      template
        .trim()
        .replaceAll('%id', id)
        .replaceAll('%address', hostAndPort({ host, port }))
        .replaceAll('%host', host)
        .replaceAll('%port', String(port)),
    )
    .join('\n');

const positionOf = (text: string, index: number): string => {
  const before = text.slice(0, index).split('\n');
  return `${before.length}:${before.at(-1)!.length + 1}`;
};

const PLACE = /\{\{\s*([a-z0-9.-]+)\s*(?::([^}]*))?\}\}/g;

/** `10.0.0.7:80` is not in `10.0.0.7:8080`, nor in `110.0.0.7:80`. */
const wholeWord = (text: string): string =>
  `(?<![\\w.-])${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-]|\\.\\w)`;

/** Everything that is replaced. Longer words first: an address may be the beginning of another. */
const anyOf = (words: readonly string[]): RegExp => {
  const longestFirst = [...words].sort((a, b) => b.length - a.length);
  return new RegExp([PLACE.source, ...longestFirst.map(wholeWord)].join('|'), 'g');
};

/** By the word that is mapped, what stands there then. */
const mappedOf = (map: OwnConfig['map'], places: Places): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(map).map(([from, name]) => {
      const to = Object.hasOwn(places, name) ? places[name] : undefined;
      if (to === undefined) {
        throw usageError(
          `--map ${from}=${name}: there is no such place${thereAre(name, Object.keys(places))}`,
        );
      }
      return [from, to];
    }),
  );

/**
 * Fills the places in.
 * @throws UserError for a place that there is not, and for a config that listens nowhere or asks nobody.
 */
export const fillIn = (own: OwnConfig, site: ProxySite, upstreams: readonly ProxyUpstream[]): string => {
  const places = placesOf(site, upstreams);
  const { file, text, map } = own;
  const named = [...text.matchAll(PLACE)].map(([, name]) => name!);
  const mapped = Object.values(map);
  const has = (names: readonly string[]): boolean =>
    [...named, ...mapped].some((name) => names.includes(name));
  if (!has(['listen', 'port'])) {
    throw usageError(
      `${file}: nothing says where it listens for this run: write {{listen}} or {{port}} there, or give --map ADDRESS=listen`,
    );
  }
  if (!has(['workers', ...upstreams.flatMap(({ id }) => [id, `${id}.port`])])) {
    throw usageError(
      `${file}: it sends nothing to this run's workers: write {{worker-1}} and so on where its servers are, or {{workers: …}}, or give --map ADDRESS=worker-1`,
    );
  }
  const words = mappedOf(map, places);
  const unseen = new Set(words.keys());
  // In one pass: what is filled in is not looked at again.
  const filled = text.replace(
    anyOf([...words.keys()]),
    (found, name: string | undefined, template: string | undefined, index: number) => {
      const word = words.get(found);
      if (name === undefined && word !== undefined) {
        unseen.delete(found);
        return word;
      }
      if (name === 'workers' && template !== undefined) return forEachWorker(template, upstreams);
      const value = places[name ?? ''];
      if (value !== undefined && template === undefined) return value;
      const names = [...Object.keys(places), 'workers'];
      throw usageError(
        `${file}:${positionOf(text, index)}: ${found} is no place${thereAre(name ?? '', names)}`,
      );
    },
  );
  for (const from of unseen) throw usageError(`--map ${from}=${map[from]}: ${file} does not contain ${from}`);
  return filled;
};

/**
 * Toxiproxy's HTTP API (version 2): paths, bodies, status codes and error bodies as its clients know them. A bare
 * `node:http` server, because it shares its process with the traffic.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { formatAddress } from './address.js';
import {
  type ProxyInput,
  parseBody,
  readProxies,
  readProxy,
  readProxyUpdate,
  readToxic,
  readToxicUpdate,
} from './api-input.js';
import type { Link, LinkToxic } from './link.js';
import { type LinkCollection, LinkError } from './link-collection.js';

/** The version of Toxiproxy whose API this is. */
const API_VERSION = '2.12.0';

/** A thousand proxies in one body are a tenth of it. A larger one is refused with 413. */
const MAX_BODY_BYTES = 1024 ** 2;

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

interface Asked {
  readonly links: LinkCollection;
  /** The parts of the path that are names. */
  readonly names: readonly string[];
  /** @throws LinkError when there is no JSON. */
  readonly body: () => unknown;
}

type Handler = (asked: Asked) => Promise<Answer>;

const toxicJson = ({ attributes, name, type, stream, toxicity }: LinkToxic) => ({
  attributes,
  name,
  type,
  stream,
  toxicity,
});

const linkJson = (link: Link) => ({
  name: link.name,
  listen: formatAddress(link.listen),
  upstream: formatAddress(link.upstream),
  enabled: link.enabled,
  toxics: link.toxics.map(toxicJson),
});

const linkOf = ({ links, names }: Asked): Link => links.get(names[0]!);

const toxicOf = (asked: Asked): LinkToxic => {
  const toxic = linkOf(asked).toxic(asked.names[1]!);
  if (toxic === undefined) throw new LinkError(404, 'toxic not found');
  return toxic;
};

const isElsewhere = (link: Link, { listen, upstream }: Pick<ProxyInput, 'listen' | 'upstream'>): boolean =>
  formatAddress(link.listen) !== formatAddress(listen) ||
  formatAddress(link.upstream) !== formatAddress(upstream);

const createProxy: Handler = async ({ links, body }) => {
  const { name, listen, upstream, enabled } = readProxy(body());
  const link = await links.inTurn(name, () => links.create(name, listen, upstream, enabled));
  return { status: 201, body: linkJson(link) };
};

const updateProxy: Handler = async (asked) => {
  const { links, body } = asked;
  const link = linkOf(asked);
  const input = readProxyUpdate(body(), link);
  if (isElsewhere(link, input)) {
    await link.disable();
    link.move(input.listen, input.upstream);
    if (input.enabled) await link.enable();
  } else await links.setEnabled(link, input.enabled, 'api');
  return { status: 200, body: linkJson(link) };
};

const put = async (links: LinkCollection, { name, listen, upstream, enabled }: ProxyInput): Promise<Link> => {
  const present = links.find(name);
  if (present !== undefined && !isElsewhere(present, { listen, upstream })) return present;
  if (present !== undefined) await links.delete(present);
  return links.create(name, listen, upstream, enabled);
};

/** One that is there already with these addresses is left alone, and its toxics with it. */
const populate: Handler = async ({ links, body }) => {
  const proxies: unknown[] = [];
  try {
    for (const input of readProxies(body())) {
      proxies.push(linkJson(await links.inTurn(input.name, () => put(links, input))));
    }
    return { status: 201, body: { proxies } };
  } catch (error) {
    const { status, error: message } = errorBody(error);
    return { status, body: { error: message, status, proxies } };
  }
};

const createToxic: Handler = async (asked) => {
  const link = linkOf(asked);
  const toxic = readToxic(asked.body());
  await asked.links.addToxic(link, toxic, 'api');
  return { status: 200, body: toxicJson(toxic) };
};

const updateToxic: Handler = async (asked) => {
  const toxic = readToxicUpdate(asked.body(), toxicOf(asked));
  linkOf(asked).update(toxic);
  return { status: 200, body: toxicJson(toxic) };
};

interface Route {
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Handler>>;
}

const ROUTES: readonly Route[] = [
  { path: /^\/version$/, methods: { GET: async () => ({ status: 200, body: { version: API_VERSION } }) } },
  {
    path: /^\/reset$/,
    methods: {
      POST: async ({ links }) => {
        await links.reset('api');
        return { status: 204 };
      },
    },
  },
  { path: /^\/populate$/, methods: { POST: populate } },
  {
    path: /^\/proxies$/,
    methods: {
      GET: async ({ links }) => ({
        status: 200,
        body: Object.fromEntries(links.all.map((link) => [link.name, linkJson(link)])),
      }),
      POST: createProxy,
    },
  },
  {
    path: /^\/proxies\/([^/]+)$/,
    methods: {
      GET: async (asked) => ({ status: 200, body: linkJson(linkOf(asked)) }),
      POST: updateProxy,
      PATCH: updateProxy,
      DELETE: async (asked) => {
        await asked.links.delete(linkOf(asked));
        return { status: 204 };
      },
    },
  },
  {
    path: /^\/proxies\/([^/]+)\/toxics$/,
    methods: {
      GET: async (asked) => ({ status: 200, body: linkOf(asked).toxics.map(toxicJson) }),
      POST: createToxic,
    },
  },
  {
    path: /^\/proxies\/([^/]+)\/toxics\/([^/]+)$/,
    methods: {
      GET: async (asked) => ({ status: 200, body: toxicJson(toxicOf(asked)) }),
      POST: updateToxic,
      PATCH: updateToxic,
      DELETE: async (asked) => {
        await asked.links.removeToxic(linkOf(asked), toxicOf(asked), 'api');
        return { status: 204 };
      },
    },
  },
];

const errorBody = (error: unknown): { readonly error: string; readonly status: number } => ({
  error: error instanceof Error ? error.message : String(error),
  status: error instanceof LinkError ? error.status : 500,
});

const send = (response: ServerResponse, { status, body }: Answer): void => {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
};

const sendText = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
};

const readText = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read on, so that whoever sends it gets to read the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new LinkError(413, `request body is larger than ${MAX_BODY_BYTES} bytes`);
  return Buffer.concat(chunks).toString();
};

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new LinkError(400, `the path has a name that is not URL-encoded: ${part}`);
  }
};

const answer = async (
  links: LinkCollection,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  // A page in a browser must not reach it; Toxiproxy keeps them out in the same way.
  if (request.headers['user-agent']?.startsWith('Mozilla/')) {
    sendText(response, 403, 'User agent not allowed\n');
    return;
  }
  const [path] = (request.url ?? '/').split('?', 1) as [string];
  const route = ROUTES.find((candidate) => candidate.path.test(path));
  if (route === undefined) {
    sendText(response, 404, '404 page not found\n');
    return;
  }
  const method = request.method ?? '';
  if (!Object.hasOwn(route.methods, method)) {
    response.writeHead(405, { allow: Object.keys(route.methods).join(', ') }).end();
    return;
  }
  const names = (route.path.exec(path) ?? []).slice(1).map(decode);
  const text = await readText(request);
  const asked = { links, names, body: () => parseBody(text) };
  const handle = () => route.methods[method]!(asked);
  const [name] = names;
  send(response, await (name === undefined ? handle() : links.inTurn(name, handle)));
};

export const linksApi = (links: LinkCollection): Server =>
  createServer((request, response) => {
    answer(links, request, response).catch((error: unknown) => {
      const body = errorBody(error);
      send(response, { status: body.status, body });
    });
  });

/** Proxies as targets: states and random sections for their translations, and a real one with what clients see of it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import { sleep, wallClock } from '../../src/core/clock.js';
import { Program } from '../../src/core/program.js';
import { Reaper } from '../../src/core/reaper.js';
import type { Schema } from '../../src/core/schema.js';
import { findContradictions } from '../../src/gateway/config/check.js';
import { GatewaySchema, type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { findProgram } from '../../src/scenarios/targets/program.js';
import type {
  Evidence,
  ProxyKind,
  ProxySite,
  ProxyState,
  ProxyUpstream,
  RunningProxy,
} from '../../src/scenarios/targets/target.js';

/** `worker-1` and on, on ports of nobody's. */
export const upstreamsAt = (ports: readonly number[], section: GatewaySection = {}): ProxyUpstream[] =>
  ports.map((port, index) => {
    const id = `worker-${index + 1}`;
    const { weight = 1, priority = 0 } = section.upstreams?.[id] ?? {};
    return { id, host: '127.0.0.1', port, weight: Math.min(weight, 256), priority, drained: false };
  });

export const stateOf = (
  section: GatewaySection,
  ports: readonly number[] = [9001, 9002, 9003],
): ProxyState => ({
  config: resolveGatewayConfig(section),
  upstreams: upstreamsAt(ports, section),
});

export const siteAt = (site: Partial<ProxySite> = {}): ProxySite => ({
  ...{ host: '127.0.0.1', port: 8080, adminPort: 8081, folder: '/tmp/run' },
  ...{ resolver: undefined, purpose: 'run' },
  ...site,
});

const UNITS: Readonly<Record<string, readonly string[]>> = {
  duration: ['1us', '1ms', '250ms', '1.5s', '1m30s', '1h', '480h'],
  size: ['1B', '1KiB', '64KiB', '1.5MiB', '2GiB'],
  rate: ['1/s', '0.5/s', '600/m', '10000/s'],
  percent: ['1%', '12.5%', '50%', '100%', '150%'],
};

/** Of upstreams, pools and fields alike, so that some of them are of somebody. */
const NAMES = fc.constantFrom('worker-1', 'worker-2', 'api', 'x y', '__proto__', 'über"`{$HOME}\\', 'ghost');

type Node = Schema & {
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly anyOf?: readonly Node[];
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
  readonly 'x-unit'?: string;
};

const texts = ({ pattern, 'x-unit': unit }: Node): fc.Arbitrary<string> => {
  const values = unit === undefined ? undefined : UNITS[unit];
  if (values !== undefined) return fc.constantFrom(...values);
  return pattern === undefined ? NAMES : fc.stringMatching(new RegExp(pattern), { size: 'xsmall' });
};

/** Values that a schema of ours allows. */
const valuesOf = (node: Node): fc.Arbitrary<unknown> => {
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  if (node.const !== undefined) return fc.constant(node.const);
  if (node.anyOf !== undefined) return fc.oneof(...node.anyOf.map(valuesOf));
  switch (node.type) {
    case 'object': {
      const [record] = Object.entries(node.patternProperties ?? {});
      if (record !== undefined) {
        const [pattern, value] = record;
        const keys = NAMES.filter((name) => new RegExp(pattern).test(name));
        return fc.dictionary(keys, valuesOf(value), { maxKeys: 3 });
      }
      const properties = Object.entries(node.properties ?? {});
      return fc.record(Object.fromEntries(properties.map(([key, value]) => [key, valuesOf(value)])), {
        requiredKeys: [...(node.required ?? [])],
      });
    }
    case 'array':
      return fc.array(valuesOf(node.items!), { minLength: node.minItems ?? 0, maxLength: 3 });
    case 'integer':
      return fc.oneof(
        fc.integer({ min: node.minimum ?? 0, max: Math.min(node.maximum ?? 300, 300) }),
        fc.constant(Math.min(node.maximum ?? 2 ** 40, 2 ** 40)),
      );
    case 'number':
      return fc.double({ min: (node.minimum ?? node.exclusiveMinimum ?? 0) + 0.01, max: 100, noNaN: true });
    case 'boolean':
      return fc.boolean();
    default:
      return texts(node);
  }
};

/** Without the parts that contradict each other. */
const reconciled = (section: GatewaySection): GatewaySection => {
  const left: Record<string, unknown> = { ...section };
  for (;;) {
    const [problem] = findContradictions(left as GatewaySection);
    if (problem === undefined) return left as GatewaySection;
    delete left[problem.path[0]!];
  }
};

/** Sections that the schema allows and the check has nothing against. */
export const randomSections: fc.Arbitrary<GatewaySection> = valuesOf(GatewaySchema as Node).map((section) =>
  reconciled(section as GatewaySection),
);

/** Whether a section may have something at this path. */
export const isInSchema = (path: readonly string[], node: Node = GatewaySchema as Node): boolean => {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (node.anyOf !== undefined) return node.anyOf.some((option) => isInSchema(path, option));
  if (node.items !== undefined) return /^\d+$/.test(key) && isInSchema(rest, node.items);
  const [record] = Object.values(node.patternProperties ?? {});
  const next = node.properties?.[key] ?? record;
  return next !== undefined && isInSchema(rest, next);
};

/** Where the program is; `null`: it is not installed, so nothing can be shown with it. */
export const programOf = (proxy: ProxyKind): string | null => findProgram(proxy);

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
      .on('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
  });

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });

/** Asks until it is so; a proxy that has not come to it in so long never will. */
export const eventually = async (isSo: () => Promise<boolean> | boolean, what: string): Promise<void> => {
  const deadlineMs = wallClock.nowMs() + 10_000;
  while (!(await isSo())) {
    if (wallClock.nowMs() > deadlineMs) throw new Error(`not within 10 s: ${what}`);
    await sleep(wallClock, 20);
  }
};

export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** On a connection of its own. */
export const askProxy = (port: number, path: string, options: AskOptions = {}): Promise<ProxyAnswer> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => {
          text += chunk;
        })
        .on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
        .on('error', reject);
    });
    sent.on('error', reject).end(body);
  });

const newReaper = (): Reaper => {
  const reaper = new Reaper();
  onTestFinished(() => reaper.stop());
  return reaper;
};

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'target-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const write = (proxy: ProxyKind, state: ProxyState, site: ProxySite): string => {
  const { files } = proxy.translate(state, site);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(site.folder, name), text);
  return join(site.folder, Object.keys(files)[0]!);
};

/** @returns '' when the program has nothing against the config, or what it says. */
export const checkConfig = async (
  proxy: ProxyKind,
  state: ProxyState,
  site: Partial<ProxySite> = {},
): Promise<string> => {
  const folder = newFolder();
  const placed = siteAt({ ...site, folder });
  const program = new Program({
    ...{ name: proxy.title, command: programOf(proxy)!, reaper: newReaper(), cwd: folder },
    args: proxy.checkArgs(write(proxy, state, placed), placed),
    ...(proxy.environment && { environment: proxy.environment(placed, state.config) }),
  });
  return (await program.exited) === 0 ? '' : `${program.stdout}${program.stderr}`;
};

export interface StartedProxy {
  readonly site: ProxySite;
  readonly running: RunningProxy;
  readonly program: Program;
  ask(path: string, options?: AskOptions): Promise<ProxyAnswer>;
  follow(state: ProxyState): Promise<void>;
  evidence(rayId: string): Evidence | undefined;
}

/** Runs the program until the test is over. */
export const startProxy = async (
  proxy: ProxyKind,
  state: ProxyState,
  resolver?: string,
): Promise<StartedProxy> => {
  const folder = newFolder();
  const [port, adminPort] = [await freePort(), await freePort()];
  const site = siteAt({ folder, port, adminPort, resolver });
  const file = write(proxy, state, site);
  const program = new Program({
    ...{
      name: proxy.title,
      command: programOf(proxy)!,
      args: proxy.args(file, site, state.config),
      cwd: folder,
    },
    reaper: newReaper(),
    leadsGroup: true,
    ...(proxy.stdoutFile !== undefined && { stdoutFile: join(folder, proxy.stdoutFile) }),
    ...(proxy.environment && { environment: proxy.environment(site, state.config) }),
  });
  onTestFinished(() => program.stop(5_000));
  await eventually(() => accepts(port), `${proxy.title} listens; it said: ${program.stderr}`);
  const running: RunningProxy = { site, pid: program.pid, file, ending: new AbortController().signal };
  let current = state;
  const read = (name: string): string =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
  return {
    ...{ site, running, program },
    ask: (path, options) => askProxy(port, path, options),
    follow: async (next) => {
      write(proxy, next, site);
      await proxy.follow(running, current, next);
      current = next;
    },
    evidence: (rayId) => proxy.readEvidence(read, new Set([rayId]))[0],
  };
};

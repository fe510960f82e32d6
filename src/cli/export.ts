/** `badgateway export`: a variant that passed, as a proxy's config. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODES, usageError } from '../core/errors.js';
import { thereAre } from '../core/nearest.js';
import { parseOverride, parseScenario } from '../scenarios/parse.js';
import type { Scenario, Variant } from '../scenarios/scenario.js';
import { type Address, exportConfig, knownAddresses } from '../scenarios/targets/export.js';
import { neededOf } from '../scenarios/targets/losses.js';
import { PROXIES } from '../scenarios/targets/proxies.js';
import { type Loss, PROXY_NAMES, type ProxyKind, type ProxyName } from '../scenarios/targets/target.js';
import { flagList, flagValue } from './flags.js';
import { prepareOutput } from './output.js';
import { prove } from './proof.js';
import { findScenario } from './scenario-file.js';

type Flags = Record<string, unknown>;

const proxyOf = (flag: unknown): ProxyKind => {
  const name = flagValue(flag) ?? '';
  if (!(PROXY_NAMES as readonly string[]).includes(name)) {
    throw usageError(`--to takes ${PROXY_NAMES.join(', ')}${name === '' ? '' : `; there is no "${name}"`}`);
  }
  return PROXIES[name as ProxyName];
};

const ADDRESS = /^(\[[0-9a-f:]+\]|[^\s:]+):(\d{1,5})$/i;

const readAddress = (flag: string, text: string): Address => {
  const match = ADDRESS.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) {
    throw usageError(`--${flag} takes an address and a port, such as 10.0.0.7:8080; got "${text}"`);
  }
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1'), port };
};

const readUpstreams = (flag: unknown, { scope }: Variant): Record<string, Address> => {
  const known = scope.upstreams ?? scope.workers;
  return Object.fromEntries(
    flagList(flag).map((text) => {
      const [id = '', address = ''] = text.split('=');
      if (!known.includes(id))
        throw usageError(`--upstream ${text}: there is no such upstream${thereAre(id, known)}`);
      return [id, readAddress('upstream', address)];
    }),
  );
};

/** @throws UserError when none is named and there is more than one. */
const variantOf = ({ name, variants }: Scenario, flag: unknown): Variant => {
  const names = variants.map((variant) => variant.name);
  const wanted = flagValue(flag) ?? (names.length === 1 ? names[0]! : '');
  const found = variants.find((variant) => variant.name === wanted);
  if (found === undefined) {
    const which = wanted === '' ? 'name one' : `there is no "${wanted}"`;
    throw usageError(`--variant: ${which}; ${name} has ${names.join(', ')}`);
  }
  return found;
};

const writeFiles = (files: Readonly<Record<string, string>>, out: string | undefined): void => {
  const [main, ...more] = Object.entries(files);
  if (out === undefined) {
    if (more.length > 0)
      throw usageError(`this takes ${more.length + 1} files: give a folder with --out FOLDER`);
    process.stdout.write(main![1]);
    return;
  }
  if (more.length === 0) {
    prepareOutput(out);
    writeFileSync(out, main![1]);
    process.stderr.write(`wrote ${out}\n`);
    return;
  }
  mkdirSync(out, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(out, name), text);
    process.stderr.write(`wrote ${join(out, name)}\n`);
  }
};

const tell = (losses: readonly Loss[]): void => {
  for (const { path, text, degree } of losses) {
    process.stderr.write(`${degree === 'missing' ? '-' : '~'} gateway.${path.join('.')}: ${text}\n`);
  }
};

/** @throws UserError where the variant is about what the proxy lacks. */
const checkNeeded = (losses: readonly Loss[], variant: Variant, proxy: ProxyKind): void => {
  const program = { proxy, path: '', version: '' };
  const needed = neededOf(losses, { ...variant, timeline: [] }, { kind: 'proxy', program, own: null });
  if (needed.length === 0) return;
  const reasons = needed.map(({ path, text }) => `\n  gateway.${path.join('.')}: ${text}`).join('');
  throw usageError(
    `${proxy.title} lacks what ${variant.name} is about:${reasons}\n` +
      'what passed is not what it would do; --unproven writes it all the same',
  );
};

/** @throws UserError for a variant that did not pass, and for one that the proxy cannot be. */
export const exportCommand = async (nameOrFile: string, flags: Flags): Promise<number> => {
  const proxy = proxyOf(flags.to);
  const { file, text } = findScenario(nameOrFile);
  const from = flagValue(flags.from);
  const isVirtual = !flags.unproven && from === undefined;
  const options = {
    ...(isVirtual && { engine: 'virtual' as const }),
    overrides: flagList(flags.set).map(parseOverride),
  };
  const scenario = parseScenario(text, file, options);
  const variant = variantOf(scenario, flags.variant);
  const addresses = readUpstreams(flags.upstream, variant);
  const { host, port } = readAddress('listen', flagValue(flags.listen) ?? '127.0.0.1:8080');
  const made = (about: readonly string[]) => exportConfig(variant, { proxy, host, port, addresses, about });
  if (!flags.unproven) checkNeeded(made([]).losses, variant, proxy);
  const source = { file, text, options };
  const proof = flags.unproven
    ? 'Nobody has shown that it passes.'
    : await prove({ scenario, name: variant.name, proxy: proxy.name, source, from });
  const { files, losses } = made([
    `${proxy.title} as the gateway of ${scenario.name}, variant ${variant.name}: ${scenario.title}.`,
    ...proof.split('\n'),
    ...(Object.keys(knownAddresses(variant, addresses)).length === 0
      ? ['The addresses of the workers are examples: --upstream worker-1=HOST:PORT gives yours.']
      : []),
  ]);
  writeFiles(files, flagValue(flags.out));
  tell(losses);
  return EXIT_CODES.pass;
};

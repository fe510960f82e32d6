/** `badgateway export`: a variant that passed, as a proxy's config. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { thereAre } from '../core/nearest.js';
import { parseOverride, parseScenario } from '../scenarios/parse.js';
import type { VariantResult } from '../scenarios/result.js';
import type { Scenario, Variant } from '../scenarios/scenario.js';
import { exportConfig } from '../scenarios/targets/export.js';
import { PROXIES } from '../scenarios/targets/proxies.js';
import { PROXY_NAMES, type ProxyKind, type ProxyName } from '../scenarios/targets/target.js';
import { runVirtually } from '../scenarios/virtual/engine.js';
import { flagList, flagValue } from './flags.js';
import { prepareOutput } from './output.js';
import { readResultFile } from './result-file.js';
import { findScenario } from './scenario-file.js';

type Flags = Record<string, unknown>;

const usage = (message: string): UserError => new UserError('usage', message);

const proxyOf = (flag: unknown): ProxyKind => {
  const name = flagValue(flag) ?? '';
  if (!(PROXY_NAMES as readonly string[]).includes(name)) {
    throw usage(`--to takes ${PROXY_NAMES.join(', ')}${name === '' ? '' : `; there is no "${name}"`}`);
  }
  return PROXIES[name as ProxyName];
};

const ADDRESS = /^(\[[0-9a-f:]+\]|[^\s:]+):(\d{1,5})$/i;

const readAddress = (flag: string, text: string): { host: string; port: number } => {
  const match = ADDRESS.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) {
    throw usage(`--${flag} takes an address and a port, such as 10.0.0.7:8080; got "${text}"`);
  }
  return { host: match[1]!, port };
};

const readUpstreams = (flag: unknown, { scope }: Variant): Record<string, string> => {
  const known = scope.upstreams ?? scope.workers;
  return Object.fromEntries(
    flagList(flag).map((text) => {
      const [id = '', address = ''] = text.split('=');
      if (!known.includes(id))
        throw usage(`--upstream ${text}: there is no such upstream${thereAre(id, known)}`);
      readAddress('upstream', address);
      return [id, address];
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
    throw usage(`--variant: ${which}; ${name} has ${names.join(', ')}`);
  }
  return found;
};

interface Proof {
  readonly how: string;
  readonly result: VariantResult;
}

const proveVirtually = async (scenario: Scenario, name: string, source: Source): Promise<Proof> => {
  process.stderr.write(`running ${scenario.name} in virtual time, to see whether ${name} passes…\n`);
  const { signal } = new AbortController();
  // All of them: its thresholds may speak of the others.
  const results = await runVirtually(scenario, scenario.variants, source, { signal });
  const result = results.find((one) => one.name === name)!;
  return { how: `in virtual time, seed ${scenario.seed}`, result };
};

const proveByResult = (file: string, scenario: Scenario, name: string): Proof => {
  const result = readResultFile(file);
  if (result.scenario.name !== scenario.name) {
    throw usage(`${file} is a result of ${result.scenario.name}, not of ${scenario.name}`);
  }
  const found = result.variants.find((variant) => variant.name === name);
  if (found === undefined) throw usage(`${file} has no variant ${name}; run it with --variant ${name}`);
  return { how: `${file}, ${result.engine} engine, ${result.startedAt}`, result: found };
};

interface Source {
  readonly file: string;
  readonly text: string;
  readonly options: Parameters<typeof parseScenario>[2] & object;
}

const prove = async (scenario: Scenario, variant: Variant, source: Source, flags: Flags): Promise<string> => {
  if (flags.unproven) return 'Nobody has shown that it passes.';
  const from = flagValue(flags.from);
  const { how, result } =
    from === undefined
      ? await proveVirtually(scenario, variant.name, source)
      : proveByResult(from, scenario, variant.name);
  if (result.verdict !== 'pass') {
    const reasons = result.reasons.map((reason) => `\n  ${reason}`).join('');
    throw new UserError(
      'usage',
      `${variant.name} did not pass (${how}): ${result.verdict}${reasons}\n` +
        'a config of it is not worth taking home; --unproven writes it all the same',
    );
  }
  const thresholds = result.thresholds.map(
    ({ expression, observedText }) => `  ${expression} (observed ${observedText})`,
  );
  return [`It passed (${how}):`, ...thresholds].join('\n');
};

const write = (files: Readonly<Record<string, string>>, out: string | undefined): void => {
  const [main, ...more] = Object.entries(files);
  if (out === undefined) {
    if (more.length > 0) throw usage(`this takes ${more.length + 1} files: give a folder with --out FOLDER`);
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

/** @throws UserError for a variant that did not pass. */
export const exportCommand = async (nameOrFile: string, flags: Flags): Promise<number> => {
  const proxy = proxyOf(flags.to);
  const { file, text } = findScenario(nameOrFile);
  const proven = flags.unproven || flags.from !== undefined;
  const options = {
    ...(!proven && { engine: 'virtual' as const }),
    overrides: flagList(flags.set).map(parseOverride),
  };
  const scenario = parseScenario(text, file, options);
  const variant = variantOf(scenario, flags.variant);
  const addresses = readUpstreams(flags.upstream, variant);
  const { host, port } = readAddress('listen', flagValue(flags.listen) ?? '127.0.0.1:8080');
  const proof = await prove(scenario, variant, { file, text, options }, flags);
  const about = [
    `${proxy.title} as the gateway of ${scenario.name}, variant ${variant.name}: ${scenario.title}.`,
    ...proof.split('\n'),
    ...(Object.keys(addresses).length === 0
      ? ['The addresses of the workers are examples: --upstream worker-1=HOST:PORT gives yours.']
      : []),
  ];
  const { files } = exportConfig(variant, { proxy, host, port, addresses, about });
  write(files, flagValue(flags.out));
  return EXIT_CODES.pass;
};

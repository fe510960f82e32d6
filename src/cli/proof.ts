/** What shows that a variant passes, before its config is worth taking home. */
import { usageError } from '../core/errors.js';
import type { parseScenario } from '../scenarios/parse.js';
import type { Result, VariantResult } from '../scenarios/result.js';
import type { Scenario } from '../scenarios/scenario.js';
import { variantInFile } from '../scenarios/targets/names.js';
import type { ProxyName } from '../scenarios/targets/target.js';
import { runVirtually } from '../scenarios/virtual/engine.js';
import { readResultFile } from './result-file.js';

export interface ProofSource {
  readonly file: string;
  readonly text: string;
  readonly options: Parameters<typeof parseScenario>[2] & object;
}

interface Proof {
  readonly how: string;
  readonly result: Pick<VariantResult, 'verdict' | 'reasons' | 'thresholds'>;
}

const proveVirtually = async (scenario: Scenario, name: string, source: ProofSource): Promise<Proof> => {
  process.stderr.write(`running ${scenario.name} in virtual time, to see whether ${name} passes…\n`);
  const { signal } = new AbortController();
  // All of them: its thresholds may speak of the others.
  const results = await runVirtually(scenario, scenario.variants, source, { signal });
  const result = results.find((one) => one.name === name)!;
  return { how: `in virtual time, seed ${scenario.seed}`, result };
};

const BUILT_IN = 'gateway';

const targetOf = ({ target }: VariantResult): string => target ?? BUILT_IN;

/** That of the proxy itself says most, and that of the built-in gateway, which it is to be like, next. */
const variantOf = (result: Result, file: string, name: string, proxy: ProxyName): VariantResult => {
  const all = result.variants.filter((variant) => variantInFile(variant.name) === name);
  const at = (target: string): VariantResult | undefined => all.find((one) => targetOf(one) === target);
  const found = at(proxy) ?? at(BUILT_IN);
  if (found !== undefined) return found;
  if (all.length === 0) throw usageError(`${file} has no variant ${name}; run it with --variant ${name}`);
  throw usageError(
    `${file} has ${name} at ${all.map(targetOf).join(', ')} alone, which says nothing of a config of ${proxy}; ` +
      `run it with --target gateway or ${proxy}`,
  );
};

/** Of a run with several seeds the first one is told whole; every one has to pass. */
const overSeeds = ({ replications }: Result, found: VariantResult): Proof['result'] => {
  if (replications === undefined || found.verdict !== 'pass') return found;
  const { seeds, variants, reasons } = replications;
  const passed = variants.find(({ name }) => name === found.name)?.passed ?? 0;
  if (passed === seeds.length) return found;
  const own = reasons.filter((reason) => reason.includes(`, ${found.name}: `));
  return {
    verdict: 'fail',
    reasons: [`it passed with ${passed} of ${seeds.length} seeds`, ...own],
    thresholds: found.thresholds,
  };
};

/** @throws UserError for a result in which the variant did not run at the proxy or the built-in gateway. */
const proveByResult = (file: string, { name: scenario }: Scenario, name: string, proxy: ProxyName): Proof => {
  const result = readResultFile(file);
  if (result.scenario.name !== scenario) {
    throw usageError(`${file} is a result of ${result.scenario.name}, not of ${scenario}`);
  }
  const found = variantOf(result, file, name, proxy);
  const seeds = result.replications === undefined ? '' : `, ${result.replications.seeds.length} seeds`;
  return {
    how: `${file}, ${result.engine} engine, target ${targetOf(found)}${seeds}, ${result.startedAt}`,
    result: overSeeds(result, found),
  };
};

export interface Claim {
  readonly scenario: Scenario;
  /** Of the variant. */
  readonly name: string;
  readonly proxy: ProxyName;
  readonly source: ProofSource;
  /** A result of a run; undefined: it is run in virtual time. */
  readonly from: string | undefined;
}

/** @returns what it passed, in lines. @throws UserError for a variant that did not pass. */
export const prove = async ({ scenario, name, proxy, source, from }: Claim): Promise<string> => {
  const { how, result } =
    from === undefined
      ? await proveVirtually(scenario, name, source)
      : proveByResult(from, scenario, name, proxy);
  if (result.verdict !== 'pass') {
    const reasons = result.reasons.map((reason) => `\n  ${reason}`).join('');
    throw usageError(
      `${name} did not pass (${how}): ${result.verdict}${reasons}\n` +
        'a config of it is not worth taking home; --unproven writes it all the same',
    );
  }
  const thresholds = result.thresholds.map(
    ({ expression, observedText }) => `  ${expression} (observed ${observedText})`,
  );
  return [`It passed (${how}):`, ...thresholds].join('\n');
};

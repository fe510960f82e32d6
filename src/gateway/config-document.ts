/**
 * A `gateway:` section in a file of its own, for a gateway without a scenario: its keys alone, or under the key
 * `gateway`, so that a section can be taken out of a scenario as it stands.
 */

import { DocumentError, type DocumentProblem, readDocument } from '../core/document/document.js';
import { applyOverride, isSetBy, type Override } from '../core/document/overrides.js';
import { dotted, type Path } from '../core/document/positions.js';
import { checkSchema, type Finding } from '../core/document/schema-problems.js';
import { isObject, type Json } from '../core/json.js';
import { Section } from '../core/schema.js';
import { readConfig } from '../delivery/config-document.js';
import { findConfigProblems, findContradictions, findFixedChanges } from './config/check.js';
import { type GatewayConfig, GatewaySchema, type GatewaySection, resolveGatewayConfig } from './config.js';

const WrappedSchema = Section({ gateway: GatewaySchema }, 'A gateway section under its key.');

export interface GatewayFileOptions {
  readonly overrides?: readonly Override[];
  /** Of the upstreams there are; left out: not known yet, so that any name may be somebody's. */
  readonly ids?: readonly string[];
  /** What the gateway started with, which it can take over only in part; left out: it does not run yet. */
  readonly running?: GatewayConfig;
  /** Somebody means it: what may be approved is. */
  readonly approved?: boolean;
}

/**
 * Reads and checks the config of a gateway.
 * @param file its name, for messages.
 * @throws DocumentError with everything that is wrong.
 */
export const parseGatewayFile = (
  text: string,
  file: string,
  { overrides = [], ids, running, approved = false }: GatewayFileOptions = {},
): GatewayConfig => {
  const { value, positions } = readDocument(text, file);
  // An empty file sets nothing, as an empty section does.
  const written = value ?? {};
  const above: Path = isObject(written) && 'gateway' in written ? ['gateway'] : [];

  /** @param base what the findings' paths begin below, in the file; `set`: what may be to blame instead of it. */
  const refuse = (findings: readonly Finding[], base: Path, set: readonly Override[]): void => {
    if (findings.length === 0) return;
    const problems = findings.map(({ path, message, key }): DocumentProblem => {
      const fromOutside = set.some((override) => isSetBy(override, path));
      if (fromOutside) return { path: dotted(path), line: 0, column: 0, message };
      const full = [...base, ...path];
      const { line, column } = key ? positions.ofKey(full) : positions.of(full);
      return { path: dotted(full), line, column, message };
    });
    throw new DocumentError(file, problems);
  };

  if (above.length > 0) refuse(checkSchema(written, WrappedSchema), [], []);
  else refuse(checkSchema(written, GatewaySchema), [], []);
  const section = (above.length === 0 ? written : (written as Json).gateway) as Json;
  const merged = overrides.reduce(applyOverride, section);
  refuse(checkSchema(merged, GatewaySchema), above, overrides);
  refuse(findContradictions(merged as GatewaySection), above, overrides);
  const config = resolveGatewayConfig(merged as GatewaySection);
  if (running !== undefined) refuse(findFixedChanges(running, config), above, overrides);
  const found = findConfigProblems(config, ids ?? null);
  refuse(approved ? found.filter(({ approvable }) => !approvable) : found, above, overrides);
  return config;
};

/**
 * A config that came over the admin API: a text of YAML or JSON, whose mistakes are told with line and column, or a JSON
 * value.
 * @throws DocumentError with everything that is wrong.
 */
export const parseGatewayConfig = (
  sent: unknown,
  options: Pick<GatewayFileOptions, 'ids' | 'running' | 'approved'>,
): GatewayConfig => {
  const text = typeof sent === 'string' ? sent : JSON.stringify(sent ?? null, null, 2);
  const read = readConfig(text, (whole) => parseGatewayFile(whole, 'config', options));
  if (read.ok) return read.config;
  throw new DocumentError('config', read.problems);
};

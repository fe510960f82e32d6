/**
 * A `gateway:` section in a file of its own, for a gateway without a scenario: its keys alone, or under the key
 * `gateway`, so that a section can be taken out of a scenario as it stands.
 */
import { Section } from '../core/schema.js';
import {
  type GatewayConfig,
  GatewaySchema,
  type GatewaySection,
  resolveGatewayConfig,
} from '../gateway/config.js';
import { findIndivisible } from '../gateway/shares.js';
import { readDocument, ScenarioError, type ScenarioProblem } from './document.js';
import { isObject, type Json, merge, type Override, overlayOf } from './overrides.js';
import { dotted, type Path } from './positions.js';
import { checkSchema, type Finding } from './schema-problems.js';

const WrappedSchema = Section({ gateway: GatewaySchema }, 'A gateway section under its key.');

export interface GatewayFileOptions {
  readonly overrides?: readonly Override[];
}

/**
 * Reads and checks the config of a gateway.
 * @param file its name, for messages.
 * @throws ScenarioError with everything that is wrong.
 */
export const parseGatewayFile = (
  text: string,
  file: string,
  { overrides = [] }: GatewayFileOptions = {},
): GatewayConfig => {
  const { value, positions } = readDocument(text, file);
  // An empty file sets nothing, as an empty section does.
  const written = value ?? {};
  const above: Path = isObject(written) && 'gateway' in written ? ['gateway'] : [];

  /** @param base what the findings' paths begin below, in the file; `set`: what may be to blame instead of it. */
  const refuse = (findings: readonly Finding[], base: Path, set: readonly Override[]): void => {
    if (findings.length === 0) return;
    const problems = findings.map(({ path, message, key }): ScenarioProblem => {
      const fromOutside = set.some((override) => override.path.every((part, index) => part === path[index]));
      if (fromOutside) return { path: dotted(path), line: 0, column: 0, message };
      const full = [...base, ...path];
      const { line, column } = key ? positions.ofKey(full) : positions.of(full);
      return { path: dotted(full), line, column, message };
    });
    throw new ScenarioError(file, problems);
  };

  if (above.length > 0) refuse(checkSchema(written, WrappedSchema), [], []);
  else refuse(checkSchema(written, GatewaySchema), [], []);
  const section = (above.length === 0 ? written : (written as Json).gateway) as Json;
  const merged = overrides.map(overlayOf).reduce(merge, section);
  refuse(checkSchema(merged, GatewaySchema), above, overrides);
  const config = resolveGatewayConfig(merged as GatewaySection);
  refuse(findIndivisible(config), above, overrides);
  return config;
};

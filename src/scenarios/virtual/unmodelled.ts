/**
 * What of a scenario has no meaning without sockets and processes, or no model. The virtual engine refuses it, rather
 * than run something else under its name.
 */
import type { Finding } from '../../core/document/schema-problems.js';
import type { GatewaySection } from '../../gateway/config.js';
import type { ScenarioFile } from '../scenario.js';

/** What virtual time does with the processor time of an expression: nothing. */
const RULES =
  'a rule’s expressions take processor time, which does not pass in virtual time; run it with --engine real';

const unmodelled = (what: string): string =>
  `${what} has no model in virtual time; take it out, or run it with --engine real`;

const findInGateway = (section: GatewaySection | undefined): Finding[] => {
  if (section === undefined) return [];
  const findings: Finding[] = [];
  if (section.profile === 'naive') {
    findings.push({
      path: ['profile'],
      message: unmodelled('the profile naive, which is other people’s code,'),
    });
  }
  if (section.names?.resolver !== undefined) {
    const message = unmodelled('a DNS server other than the scenario’s own (the section `names`)');
    findings.push({ path: ['names', 'resolver'], message });
  }
  for (const [index, rule] of (section.rules ?? []).entries()) {
    const { pattern, headers } = rule;
    if (pattern !== undefined) findings.push({ path: ['rules', index, 'pattern'], message: RULES });
    if (headers !== undefined) findings.push({ path: ['rules', index, 'headers'], message: RULES });
  }
  return findings;
};

const below = (path: readonly string[], findings: readonly Finding[]): Finding[] =>
  findings.map((finding) => ({ ...finding, path: [...path, ...finding.path] }));

/** @returns what the virtual engine cannot do, with where it is written. */
export const findUnmodelled = (file: ScenarioFile): Finding[] => {
  const { fleet, gateway, edge } = file;
  const findings: Finding[] = [
    ...(fleet.upstreams === undefined
      ? []
      : [{ path: ['fleet', 'upstreams'], message: unmodelled('an upstream of your own'), key: true }]),
    ...below(['gateway'], findInGateway(gateway)),
    ...below(['edge', 'gateway'], findInGateway(edge?.gateway)),
  ];
  for (const [index, entry] of (file.timeline ?? []).entries()) {
    const pushed = (entry as { readonly 'push-config'?: unknown; readonly to?: string })['push-config'];
    if (pushed !== undefined && (entry.to === 'gateway' || entry.to === 'edge')) {
      findings.push(
        ...below(['timeline', String(index), 'push-config'], findInGateway(pushed as GatewaySection)),
      );
    }
  }
  return findings;
};

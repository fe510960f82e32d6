/** What is done to a gateway or to the edge in the timeline: `disrupt` and `certificate`, with `on` and `for`. */
import { OneOf, Optional } from '../../core/schema.js';
import { formatFor } from '../../core/units.js';
import { CERTIFICATE_FAULTS, type CertificateState } from '../front/certificates.js';
import { findUnknownTargets, forMsOf, targetsOf } from './targets.js';
import type { EntryProblem } from './timeline.js';

export const DISRUPTIONS = ['kill', 'stop', 'block'] as const;

export type DisruptionKind = (typeof DISRUPTIONS)[number];

/** In place of a fault: it has a good certificate again. */
const RENEWED = 'renewed';

export const FRONT_ACTIONS = ['disrupt', 'certificate'] as const;

export const FrontActionProperties = {
  disrupt: Optional(
    OneOf(
      DISRUPTIONS,
      'What is done to a gateway or the edge: kill, it is gone for so long; stop, it stands still; block, it burns its processor and does nothing else.',
    ),
  ),
  certificate: Optional(
    OneOf(
      [...CERTIFICATE_FAULTS, RENEWED],
      'What becomes of the certificate of a gateway or the edge that speaks TLS: it is expired, for another name, or of nobody whom clients believe. renewed: it is good again.',
    ),
  ),
};

export interface FrontEntry {
  readonly disrupt?: DisruptionKind;
  readonly certificate?: (typeof CERTIFICATE_FAULTS)[number] | typeof RENEWED;
  readonly on?: string | readonly string[];
  readonly for?: string;
}

interface OnFront {
  /** `gateway-1`, or `edge`. */
  readonly targets: readonly string[];
  /** `null`: to the end of the run. */
  readonly forMs: number | null;
}

export interface Disruption extends OnFront {
  readonly type: 'disrupt';
  readonly kind: DisruptionKind;
}

export interface CertificateChange extends OnFront {
  readonly type: 'certificate';
  readonly as: CertificateState;
}

export type FrontAction = Disruption | CertificateChange;

/** What there is for such an entry to be done to. */
export interface FrontScope {
  /** Every gateway, and the edge, with the number of its processes. */
  readonly front: ReadonlyMap<string, number>;
  /** Those that speak TLS. */
  readonly secure: readonly string[];
}

const checkDisruption = (
  { disrupt, for: forText }: FrontEntry,
  targets: readonly string[],
  front: FrontScope['front'],
): EntryProblem[] => {
  const shared = targets.find((target) => front.get(target)! > 1);
  if (disrupt !== 'kill' && shared !== undefined) {
    const message = `${shared} has ${front.get(shared)} processes, and ${disrupt} meets one; kill it, or give it one`;
    return [{ key: 'disrupt', message }];
  }
  if (disrupt === 'block' && forText === undefined) {
    return [
      { key: 'disrupt', message: 'needs `for`, how long it lasts: nothing reaches the gateway until then' },
    ];
  }
  return [];
};

const checkCertificate = (
  { certificate, for: forText }: FrontEntry,
  targets: readonly string[],
  secure: readonly string[],
): EntryProblem[] => {
  const plain = targets.find((target) => !secure.includes(target));
  if (plain !== undefined) {
    const where = plain === 'edge' ? '`edge: { tls: on }`' : '`tls: on` at the top of the file';
    return [{ key: 'certificate', message: `${plain} speaks no TLS; give ${where}` }];
  }
  if (certificate !== RENEWED || forText === undefined) return [];
  return [{ key: 'for', message: 'means nothing to renewed, which is over when it has begun' }];
};

export const checkFrontEntry = (entry: FrontEntry, { front, secure }: FrontScope): EntryProblem[] => {
  const key = entry.disrupt === undefined ? 'certificate' : 'disrupt';
  const targets = targetsOf(entry);
  if (targets.length === 0) return [{ key, message: 'needs `on`, such as gateway-1' }];
  const unknown = findUnknownTargets(entry, [...front.keys()]);
  if (unknown.length > 0) return unknown;
  return key === 'disrupt'
    ? checkDisruption(entry, targets, front)
    : checkCertificate(entry, targets, secure);
};

/** @returns `null` for an entry that does nothing to the front. */
export const resolveFrontEntry = (entry: FrontEntry): FrontAction | null => {
  const { disrupt, certificate } = entry;
  const onFront = { targets: targetsOf(entry), forMs: forMsOf(entry) };
  if (disrupt !== undefined) return { type: 'disrupt', kind: disrupt, ...onFront };
  if (certificate === undefined) return null;
  return { type: 'certificate', as: certificate === RENEWED ? 'valid' : certificate, ...onFront };
};

/** For people. */
export const frontActionText = (action: FrontAction): string => {
  const whom = `${action.targets.join(', ')}${formatFor(action.forMs)}`;
  if (action.type === 'disrupt') return `${action.kind} ${whom}`;
  return action.as === 'valid' ? `renew the certificate of ${whom}` : `certificate ${action.as} of ${whom}`;
};

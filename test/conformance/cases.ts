/** Which requests meet which faults. */
import { EXPECTATIONS } from './expectations.js';
import { FAULT_IDS, type FaultId, faultOf } from './faults.js';
import type { Case, Method, Shape } from './observe.js';

/** Where the request's own way of coming matters: the fault strikes while it is still being sent. */
const SPLIT: readonly FaultId[] = [
  'accept-rst',
  'accept-close',
  'accept-fin',
  'read-close',
  'read-rst',
  'rst-mid-headers',
  'fin-mid-headers',
];

const shapesOf = (fault: FaultId): Shape[] => {
  switch (faultOf(fault).at) {
    // These are about a connection that has been used.
    case 'reuse':
    case 'idle':
      return ['reused'];
    // These have never been healthy.
    case 'kernel':
      return ['fresh'];
    default:
      return ['fresh', 'reused'];
  }
};

const casesOf = (fault: FaultId): Case[] => {
  const { outcome, retried } = EXPECTATIONS[fault];
  const shapes = shapesOf(fault);
  const methods: Method[] = ['GET', 'POST'];
  const alone = shapes.flatMap((shape) =>
    methods.map((method): Case => ({ fault, method, upstreams: 'one', shape })),
  );
  if (SPLIT.includes(fault)) alone.push({ fault, method: 'POST', upstreams: 'one', shape: 'split' });
  if (outcome.kind === 'cut' || fault.startsWith('noframe-')) {
    alone.push({ fault, method: 'GET', upstreams: 'one', shape: 'http-1.0' });
  }
  // A PUT is idempotent and has a body: what is sent again must be whole.
  const replayed = retried === 'any' || retried === 'idempotent';
  const repeated: Method[] = replayed && faultOf(fault).largeBody !== true ? [...methods, 'PUT'] : methods;
  const beside = repeated.map((method): Case => ({ fault, method, upstreams: 'two', shape: shapes[0]! }));
  return [...alone, ...beside];
};

export const CASES: readonly Case[] = FAULT_IDS.flatMap(casesOf);

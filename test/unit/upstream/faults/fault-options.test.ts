/** What faults can be given, and what is said of what they cannot. */
import { describe, expect, it } from 'vitest';
import { findOptionProblems, resolveOptions } from '../../../../src/upstream/faults/options.js';
import { FAULT_PARAMETERS } from '../../../../src/upstream/faults/parameters.js';
import {
  WORKER_FAULT_NAMES,
  WORKER_FAULTS,
  type WorkerFaultName,
} from '../../../../src/upstream/faults/worker-faults.js';

const resolve = (name: WorkerFaultName, written = {}) => resolveOptions(WORKER_FAULTS[name], written);
const problems = (name: WorkerFaultName, written: object) =>
  findOptionProblems(name, WORKER_FAULTS[name], written as Record<string, unknown>);

describe('a fault', () => {
  it.each(WORKER_FAULT_NAMES)(
    'called %s says what it is, and has defaults that nothing is wrong with',
    (name) => {
      const { description, clientSees, standsFor, takes } = WORKER_FAULTS[name];
      for (const text of [description, clientSees, standsFor]) expect(text).toMatch(/^\S.*\S$/);
      const written = Object.fromEntries(Object.entries(takes).filter(([, value]) => value !== null));
      const found = problems(name, written).filter(({ key }) => key !== '');
      expect(found).toEqual([]);
    },
  );

  it('uses every parameter that there is', () => {
    const used = new Set(WORKER_FAULT_NAMES.flatMap((name) => Object.keys(WORKER_FAULTS[name].takes)));
    expect([...used].sort()).toEqual(Object.keys(FAULT_PARAMETERS).sort());
  });
});

describe('options', () => {
  it.each<[WorkerFaultName, object, object]>([
    ['slow', {}, { factor: 10, share: 1, requests: null }],
    ['slow', { factor: 66, share: '1%' }, { factor: 66, share: 0.01, requests: null }],
    ['errors', { requests: 3 }, { statuses: [500], share: 1, requests: 3, path: null }],
    [
      'leak',
      { perRequest: '200KiB' },
      {
        ...{ perRequest: 204_800, perSecond: null, memory: 'heap' },
        ...{ memoryLimit: 256 * 1024 ** 2, share: 1, requests: null },
      },
    ],
    ['crash', {}, { how: 'exit' }],
    ['poison', { path: '/jobs' }, { share: 0.01, path: '/jobs', how: 'throw' }],
    ['stop', {}, {}],
  ])('of %s as %j come to %j', (name, written, expected) => {
    expect(problems(name, written)).toEqual([]);
    expect(resolve(name, written)).toEqual(expected);
  });

  it.each<[WorkerFaultName, object, string, string]>([
    [
      'slow',
      { perRequest: '1KiB' },
      'perRequest',
      'perRequest means nothing to slow; it takes factor, share, requests',
    ],
    ['stop', { share: '10%' }, 'share', 'share means nothing to stop; it takes nothing'],
    ['slow', { share: '250%' }, 'share', 'must be above 0% and at most 100%, got 250%'],
    ['slow', { share: '0%' }, 'share', 'must be above 0% and at most 100%, got 0%'],
    ['leak', { perSecond: '0MiB' }, 'perSecond', 'must be at least 1B, got 0MiB'],
    ['leak', {}, '', 'leak needs `perRequest` or `perSecond`, such as `perRequest: 200KiB`'],
  ])('of %s as %j are refused', (name, written, key, message) => {
    expect(problems(name, written)).toEqual([{ key, message }]);
  });
});

/** Upstreams where nobody listens. */
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { deadPortAddresses, deadPortIds } from '../../../src/upstream/dead-ports.js';

it('have names of their own, and refuse connections', async () => {
  expect(deadPortIds(2)).toEqual(['dead-1', 'dead-2']);
  const { host, port } = deadPortAddresses(1, '127.0.0.1')[0]!;
  const error = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
    connect({ host, port }).on('error', resolve).on('connect', reject);
  });
  expect(error.code).toBe('ECONNREFUSED');
});

/**
 * The properties P1 to P12 of config delivery, over inputs as wild as those of past outages. What they say is in
 * `test/support/config-properties.ts`; that they can fail is shown in `config-mutants.test.ts`.
 */
import { describe, it } from 'vitest';
import { PROPERTIES } from '../../../support/config-properties.js';
import { TRUTH } from '../../../support/config-subject.js';

/** Hundreds of inputs, some of them of 100 kB, with two busy processors. */
const TIMEOUT_MS = 120_000;

describe('config delivery', () => {
  it.each(PROPERTIES.map(({ name, holds }) => [name, holds] as const))(
    '%s',
    (_name, holds) => holds(TRUTH),
    TIMEOUT_MS,
  );
});

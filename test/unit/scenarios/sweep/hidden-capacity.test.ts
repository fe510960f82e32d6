/** The hidden capacity of a scenario: from its text. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../../src/scenarios/parse.js';
import { hiddenCapacityOf, hiddenRps } from '../../../../src/scenarios/sweep/hidden-capacity.js';

const scenario = (more = '', fleet = 'workers: 2, slots: 3, serviceTime: { mean: 20ms }'): string => `
version: 1
name: small
title: A small one
fleet: { ${fleet} }
load: { stages: [{ rate: 50/s, for: 4s }] }
${more}`;

const capacityOf = (text: string) => {
  const [variant] = parseScenario(text, 'test.yaml').variants;
  return hiddenCapacityOf(variant!);
};

const CLASSES = `clients:
  classes:
    a: { share: 25%, retry: { attempts: 4 } }
    b: { share: 75%, retry: { attempts: 2 } }`;

describe('the hidden capacity', () => {
  it.each([
    ['one try', scenario(), 300, 1],
    ['tries of clients', scenario('clients: { retry: { attempts: 3 } }'), 300, 3],
    [
      'tries of clients and attempts of the gateway',
      scenario('clients: { retry: { attempts: 3 } }\ngateway: { retry: { attempts: 2 } }'),
      300,
      6,
    ],
    [
      'those of an edge as well',
      scenario('gateway: { retry: { attempts: 2 } }\nedge: { gateway: { retry: { attempts: 3 } } }'),
      300,
      6,
    ],
    ['classes, by their share', scenario(CLASSES), 300, 2.5],
    ['a limit below the slots', scenario('gateway: { concurrency: { limit: 2 } }'), 200, 1],
    ['a limit above them', scenario('gateway: { concurrency: { limit: 20 } }'), 300, 1],
  ])('takes into account: %s', (_what, text, capacityRps, amplification) => {
    const capacity = capacityOf(text);
    expect(capacity).toMatchObject({ known: true, capacityRps, amplification, offeredRps: 50 });
    if (capacity.known) expect(hiddenRps(capacity)).toBeCloseTo(capacityRps / amplification);
  });

  it.each([
    ['a stage that is over counts no more', '[{ rate: 90/s, for: 2s }, { rate: 50/s, for: 2s }]', '', 50],
    ['a ramp has its end', '[{ rate: 10/s, to: 70/s, for: 4s }]', '', 70],
    [
      'in the window after, the most',
      '[{ rate: 10/s, to: 50/s, for: 4s }]',
      'windows: { after: 1s..3s }',
      40,
    ],
    [
      'a stage that ends where the window begins is not in it',
      '[{ rate: 90/s, for: 2s }, { rate: 20/s, for: 2s }]',
      'windows: { after: 2s..4s }',
      20,
    ],
  ])('is compared with what is asked for afterwards: %s', (_what, stages, more, offeredRps) => {
    const text = scenario(more).replace(/stages: \[.*\]/, `stages: ${stages}`);
    expect(capacityOf(text)).toMatchObject({ offeredRps });
  });

  it.each([
    [
      'users of a population',
      scenario().replace('stages:', 'population: { users: 5, think: { mean: 1s }, for: 4s }, stages:'),
    ],
    ['a flood', scenario('timeline: [{ at: 1s, flood: { path: /x, rate: 10/s, for: 1s } }]')],
    ['a cache', scenario('gateway: { cache: {} }')],
    ['are hedged', scenario('gateway: { hedge: {} }')],
    ['clients change', scenario('timeline: [{ at: 1s, update-clients: { retry: { attempts: 5 } } }]')],
  ])('is not known where there are: %s', (says, text) => {
    expect(capacityOf(text)).toMatchObject({ known: false, why: expect.stringContaining(says) });
  });

  it('is told to be a bound where a budget bounds retries', () => {
    const text = scenario('clients: { retry: { attempts: 3, budget: { refund: 10% } } }');
    expect(capacityOf(text)).toMatchObject({ caveats: [expect.stringContaining('gives back 10%')] });
  });
});

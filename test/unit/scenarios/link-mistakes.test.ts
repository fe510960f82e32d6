/** Toxics in a timeline: what a scenario's text comes to, and mistakes told with path, line, column and how to mend them. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { MINIMAL, problemsOf, unmark } from '../../support/scenario-text.js';

const added = (sections: string): string => `${MINIMAL}${sections}\n`;
const timeline = (...entries: string[]): string =>
  added(['timeline:', ...entries.map((entry) => `  - ${entry}`)].join('\n'));

const variantOf = (text: string) => parseScenario(text, 'test.yaml').variants[0]!;

describe('a toxic in a timeline', () => {
  it('has its attributes filled in, and is on answers of every connection until it is removed', () => {
    const { timeline: entries } = variantOf(
      timeline('{ at: 1s, toxic: latency, on: worker-2, attributes: { latency: 500 } }'),
    );
    expect(entries[0]).toEqual({
      atMs: 1_000,
      action: {
        type: 'toxic',
        workers: ['worker-2'],
        order: {
          type: 'latency',
          stream: 'downstream',
          toxicity: 1,
          attributes: { latency: 500, jitter: 0 },
          forMs: null,
        },
      },
    });
  });

  it('takes everything that Toxiproxy takes, several workers, and a time', () => {
    const entry =
      '{ at: 1s, toxic: bandwidth, on: all, stream: upstream, toxicity: 0.5, attributes: { rate: 9 }, for: 2s }';
    expect(variantOf(timeline(entry)).timeline[0]!.action).toEqual({
      type: 'toxic',
      workers: ['worker-1', 'worker-2'],
      order: { type: 'bandwidth', stream: 'upstream', toxicity: 0.5, attributes: { rate: 9 }, forMs: 2_000 },
    });
  });

  it.each([
    ['down', { type: 'down', stream: null }],
    ['all', { type: null, stream: null }],
    ['timeout, stream: upstream', { type: 'timeout', stream: 'upstream' }],
  ])('is removed by remove-toxic: %s', (written, order) => {
    const { action } = variantOf(timeline(`{ at: 1s, remove-toxic: ${written}, on: worker-1 }`)).timeline[0]!;
    expect(action).toEqual({ type: 'remove-toxic', workers: ['worker-1'], order });
  });
});

describe('links', () => {
  it('there are none by default', () => {
    expect(variantOf(MINIMAL).links).toBeNull();
  });

  it.each([
    ['links: {}', 0],
    ['links: { apiPort: 8474 }', 8_474],
    ['timeline: [{ at: 1s, toxic: down, on: all }]', 0],
  ])('there are with %s, whose API is on port %d', (section, apiPort) => {
    expect(variantOf(added(section)).links).toEqual({ apiPort });
  });

  it('there are in a variant that asks for them', () => {
    const { variants } = parseScenario(added('variants: { without: {}, with: { links: {} } }'), 'test.yaml');
    expect(variants.map(({ name, links }) => [name, links])).toEqual([
      ['without', null],
      ['with', { apiPort: 0 }],
    ]);
  });
});

describe('a mistake in a toxic', () => {
  it.each([
    [
      'one that there is not',
      '{ at: 1s, toxic: ▸latencyy, on: all }',
      'toxic',
      'expected one of latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data, black-hole, down',
    ],
    [
      'one named like a property of objects',
      '{ at: 1s, toxic: ▸__proto__, on: all }',
      'toxic',
      'expected one of',
    ],
    [
      'a worker that there is not',
      '{ at: 1s, toxic: down, on: ▸worker-9 }',
      'on',
      'there is no worker-9; there are worker-1, worker-2',
    ],
    [
      'a worker in a list that there is not',
      '{ at: 1s, toxic: down, on: [worker-1, ▸worker-9] }',
      'on[1]',
      'there is no worker-9',
    ],
    ['no worker', '{ at: 1s, toxic: ▸down }', 'toxic', 'needs `on`, the worker it goes to'],
    ['a removal without a worker', '{ at: 1s, remove-toxic: ▸all }', 'remove-toxic', 'needs `on`'],
    [
      'an attribute out of range',
      '{ at: 1s, toxic: latency, on: all, attributes: { latency: ▸-5 } }',
      'attributes.latency',
      'must be a whole number (ms) from 0 to 2147483647, got -5',
    ],
    [
      'an attribute with a unit',
      '{ at: 1s, toxic: latency, on: all, attributes: { latency: ▸500ms } }',
      'attributes.latency',
      'must be a whole number (ms) from 0 to 2147483647, got "500ms"',
    ],
    [
      'an attribute of another toxic',
      '{ at: 1s, toxic: latency, on: all, attributes: { latency: 5, rate: ▸5 } }',
      'attributes.rate',
      'is not an attribute of latency; it has latency, jitter',
    ],
    [
      'an attribute named like a property of objects',
      '{ at: 1s, toxic: latency, on: all, attributes: { latency: 5, toString: ▸5 } }',
      'attributes.toString',
      'is not an attribute of latency',
    ],
    [
      'an attribute of one that has none',
      '{ at: 1s, toxic: down, on: all, attributes: { rate: ▸5 } }',
      'attributes.rate',
      'is not an attribute of down; it has none',
    ],
    [
      'an attribute that is missing',
      '{ at: 1s, toxic: ▸latency, on: all }',
      'toxic',
      'latency needs latency (ms)',
    ],
    [
      'an attribute that is missing beside another',
      '{ at: 1s, toxic: latency, on: all, attributes: ▸{ jitter: 5 } }',
      'attributes',
      'latency needs latency (ms)',
    ],
    [
      'attributes that contradict each other',
      '{ at: 1s, toxic: slicer, on: all, attributes: { average_size: 5, size_variation: ▸9 } }',
      'attributes.size_variation',
      'must be less than average_size, which is 5',
    ],
    [
      'a toxicity that is a percentage',
      '{ at: 1s, toxic: timeout, on: all, toxicity: ▸50, attributes: { timeout: 0 } }',
      'toxicity',
      'must be <= 1, got 50',
    ],
    [
      'a toxicity where there is no choice',
      '{ at: 1s, toxic: black-hole, on: all, toxicity: ▸0.5 }',
      'toxicity',
      'means nothing to black-hole, which is on every connection, both ways',
    ],
    [
      'a stream where there is no choice',
      '{ at: 1s, toxic: down, on: all, stream: ▸upstream }',
      'stream',
      'both ways',
    ],
    [
      'a stream that there is not',
      '{ at: 1s, toxic: reset_peer, on: all, stream: ▸up }',
      'stream',
      'upstream, downstream',
    ],
    [
      'a key of another action',
      '{ at: 1s, toxic: down, on: all, share: ▸5% }',
      'share',
      'share means nothing beside toxic',
    ],
    [
      'its keys beside another action',
      '{ at: 1s, inject: hang, on: all, stream: ▸upstream }',
      'stream',
      'stream means nothing beside inject; it belongs to toxic and remove-toxic',
    ],
    [
      'a time for a removal',
      '{ at: 1s, remove-toxic: all, on: all, for: ▸1s }',
      'for',
      'for means nothing beside remove-toxic',
    ],
  ])('such as %s is told where it is', (_name, entry, path, message) => {
    const { text, line, column } = unmark(timeline(entry));
    const problems = problemsOf(text);
    expect(problems.map((problem) => problem.message)).toHaveLength(1);
    expect(problems[0]!.message).toContain(message);
    expect(problems[0]).toMatchObject({ path: `timeline[0].${path}`, line, column });
  });

  it.each([
    ['links: { apiPort: ▸70000 }', 'links.apiPort', 'must be <= 65535, got 70000'],
    ['links: { ▸port: 1 }', 'links.port', 'unknown key; known here: apiPort'],
  ])('such as %s is told where it is', (section, path, message) => {
    const { text, line, column } = unmark(added(section));
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toContain(message);
    expect(problems[0]).toMatchObject({ path, line, column });
  });
});

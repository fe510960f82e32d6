/** A whole run whose clients are updated while it goes on, by the timeline and by hand: a storm of retries ends and comes back. */
import { expect, it } from 'vitest';
import { ofType } from '../../src/scenarios/result-events.js';
import { postToTimeline, runAndAsk } from '../support/real-run.js';

/** Nobody gets a good answer, and each tries again at once as often as it may. A window begins after its update has come. */
const STORM = `
version: 1
name: storm
title: A release of one app ends its storm for a second
fleet: { workers: 1, serviceTime: { distribution: constant, mean: 1ms } }
clients:
  patience: 5s
  retry: { attempts: 3 }
  classes: { ios: { share: 50% }, web: { share: 50%, path: /web } }
load: { arrivals: constant, stages: [{ rate: 60/s, for: 4s }] }
timeline:
  - { at: 0s, inject: errors, on: all }
  - { at: 1s, update-clients: { retry: { attempts: 1 } }, on: ios, for: 1500ms }
windows: { storm: 200ms..900ms, calm: 1200ms..2400ms, again: 2700ms..4s }
thresholds:
  default:
    - 'amplification{class=ios}[storm] == 3'
    - 'amplification{class=ios}[calm] == 1'
    - 'amplification{class=ios}[again] == 3'
    - 'first.clients.updated < 1200ms'
    - 'first.clients.reverted > 2400ms'
`;

it('clients do what they were last given to do, each class by itself', async () => {
  // Before the first request, so that it holds for all of them.
  const { result, answer: answers } = await runAndAsk(STORM, async (address) => [
    await postToTimeline(address, { 'update-clients': { retry: { attempts: 2 } }, on: 'web' }),
    await postToTimeline(address, { 'update-clients': { retry: { attempts: 2 } }, on: 'android' }),
  ]);
  expect(answers[0]).toEqual([202, '{"action":"update-clients"}']);
  expect(answers[1]![0]).toBe(422);
  expect(answers[1]![1]).toContain('there is no class android; there are ios, web');
  expect(result.thresholds.map(({ expression, observed, pass }) => [expression, observed, pass])).toEqual(
    result.thresholds.map(({ expression, observed }) => [expression, observed, true]),
  );
  for (const window of ['storm', 'calm', 'again']) {
    expect(result.windows[window]!.classes!.web!.amplification).toBe(2);
  }
  const told = ofType(result, 'clients.updated').map(({ fields }) => [fields.classes, fields.forMs]);
  expect(told).toEqual([
    [['web'], null],
    [['ios'], 1_500],
  ]);
  expect(ofType(result, 'clients.reverted')).toHaveLength(1);
});

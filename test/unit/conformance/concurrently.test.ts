/** Cases run a few at a time, and one that fails is its own failure only. */
import { expect, it } from 'vitest';
import { AT_ONCE, startAll } from '../../conformance/concurrently.js';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('runs the first alone, and then no more than so many at once', async () => {
  let running = 0;
  const seen: number[] = [];
  const tasks = Array.from({ length: 40 }, (_, index) => index);
  const results = startAll(tasks, async (task) => {
    seen.push(++running);
    await tick();
    running--;
    return task * 2;
  });
  expect(await Promise.all(results.values())).toEqual(tasks.map((task) => task * 2));
  expect(seen.slice(0, 2)).toEqual([1, 1]);
  expect(Math.max(...seen)).toBe(AT_ONCE);
});

it('goes on after a failure, and gives it to whoever asks', async () => {
  const results = startAll([1, 2, 3], async (task) => {
    if (task === 1) throw new Error('one');
    return task;
  });
  await expect(results.get(1)).rejects.toThrow('one');
  expect(await results.get(3)).toBe(3);
});

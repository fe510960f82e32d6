/** When a dependency is up, told by messages and exits in any order; its processes are played. */
import { expect, it, vi } from 'vitest';
import { Deferred } from '../../../../src/core/deferred.js';
import { Random } from '../../../../src/core/random.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { resolveDependencies } from '../../../../src/upstream/dependencies/config.js';
import {
  type DependencyChild,
  DependencyFleet,
  type DependencySpawn,
} from '../../../../src/upstream/dependencies/dependency-fleet.js';
import type { FromDependency } from '../../../../src/upstream/dependencies/messages.js';

interface Played {
  readonly say: (message: FromDependency) => void;
  readonly end: () => void;
}

const children: Played[] = [];

const play = ({ name, onMessage }: DependencySpawn): DependencyChild => {
  const exit = new Deferred<Awaited<DependencyChild['exited']>>();
  children.push({ say: onMessage, end: () => exit.resolve({ code: null, signal: 'SIGKILL' }) });
  return { name, stderr: '', exited: exit.promise, send: () => {}, kill: () => {} };
};

const READY = { type: 'ready', port: 5_000 } as const;

it('is up from the word of its process to the end of it, and not by a late word of one that is killed', async () => {
  const lost: string[] = [];
  const fleet = new DependencyFleet({
    configs: resolveDependencies({ store: { kind: 'database' } }, 1),
    host: '127.0.0.1',
    clock: new VirtualClock(),
    random: new Random(1),
    spawn: play,
    emit: () => {},
    onLost: (how) => lost.push(how),
  });
  const isUp = () => fleet.status()[0]!.up;
  const take = () => fleet.disturb('store', { fault: 'down', options: {}, forMs: null });
  /** Its next process has been started. */
  const started = (lives: number) => vi.waitUntil(() => children.length === lives);

  const starting = fleet.start();
  expect(isUp()).toBe(false);
  children[0]!.say(READY);
  await starting;
  expect(isUp()).toBe(true);

  take();
  expect(isUp()).toBe(false);
  children[0]!.end();
  fleet.recover('store', 'down');
  await started(2);
  // Killed while it starts; that it is ready is heard afterwards.
  take();
  children[1]!.say(READY);
  expect(isUp()).toBe(false);
  children[1]!.end();
  fleet.recover('store', 'down');
  await started(3);
  expect(isUp()).toBe(false);
  children[2]!.say(READY);
  expect(isUp()).toBe(true);

  const stopping = fleet.stop();
  children[2]!.end();
  await stopping;
  expect(isUp()).toBe(false);
  expect(lost).toEqual([]);
});

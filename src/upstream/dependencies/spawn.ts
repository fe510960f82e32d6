/** Dependencies as processes of this machine. */
import { Child } from '../../core/child.js';
import type { Reaper } from '../../core/reaper.js';
import { WORKER_NICE } from '../machine.js';
import type { DependencyChild, DependencySpawn } from './dependency-fleet.js';
import type { FromDependency, ToDependency } from './messages.js';

export const spawnDependency =
  (reaper: Reaper) =>
  (options: DependencySpawn): DependencyChild =>
    new Child<ToDependency, FromDependency>({
      ...options,
      entry: 'upstream/dependencies/dependency.js',
      reaper,
      nice: WORKER_NICE,
    });

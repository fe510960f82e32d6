/** Every fault of a dependency by the name a timeline uses. To add one: a file beside this one and a line here. */
import type { DependencyFault } from './dependency-fault.js';
import { down } from './down.js';
import { errors } from './errors.js';
import { hang } from './hang.js';
import { lock } from './lock.js';
import { refuse } from './refuse.js';
import { reset } from './reset.js';
import { slow } from './slow.js';

const FAULTS = { lock, slow, hang, errors, reset, refuse, down } as const satisfies Record<
  string,
  DependencyFault
>;

export type DependencyFaultName = keyof typeof FAULTS;

export const DEPENDENCY_FAULTS: Readonly<Record<DependencyFaultName, DependencyFault>> = FAULTS;

export const DEPENDENCY_FAULT_NAMES = Object.keys(FAULTS) as DependencyFaultName[];

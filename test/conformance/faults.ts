/** Every upstream fault of the suite by its id. One more is one entry here and one in `expectations.ts`. */
import { BODY_FAULTS } from './body-faults.js';
import { CONNECTION_FAULTS } from './connection-faults.js';
import type { Fault } from './fault.js';
import { HEAD_FAULTS } from './head-faults.js';

export const FAULTS = { ...CONNECTION_FAULTS, ...HEAD_FAULTS, ...BODY_FAULTS } as const;

export type FaultId = keyof typeof FAULTS;

export const FAULT_IDS = Object.keys(FAULTS) as FaultId[];

export const faultOf = (id: FaultId): Fault => FAULTS[id];

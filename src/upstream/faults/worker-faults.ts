/** Every worker fault by the name a timeline uses. To add one: a file beside this one and a line here. */
import { cacheLost } from './cache-lost.js';
import { coldStart } from './cold-start.js';
import { close, reset } from './connection-loss.js';
import { crash } from './crash.js';
import { deadlock } from './deadlock.js';
import { drippingHeaders } from './dripping-headers.js';
import { earlyResponse } from './early-response.js';
import { errors } from './errors.js';
import { eventLoopBlock } from './event-loop-block.js';
import { fastFail } from './fast-fail.js';
import type { WorkerFault } from './fault.js';
import { fileExhaustion } from './file-exhaustion.js';
import { gcPressure } from './gc-pressure.js';
import { hang } from './hang.js';
import { leak } from './leak.js';
import { malformed } from './malformed.js';
import { poison } from './poison.js';
import { queueMemory } from './queue-memory.js';
import { readiness } from './readiness.js';
import { slow } from './slow.js';
import { stalledBody } from './stalled-body.js';
import { stop } from './stop.js';

const FAULTS = {
  leak,
  'gc-pressure': gcPressure,
  'queue-memory': queueMemory,
  crash,
  poison,
  hang,
  deadlock,
  'event-loop-block': eventLoopBlock,
  stop,
  slow,
  'cold-start': coldStart,
  'cache-lost': cacheLost,
  errors,
  'fast-fail': fastFail,
  'file-exhaustion': fileExhaustion,
  readiness,
  reset,
  close,
  malformed,
  'stalled-body': stalledBody,
  'dripping-headers': drippingHeaders,
  'early-response': earlyResponse,
} as const satisfies Record<string, WorkerFault>;

export type WorkerFaultName = keyof typeof FAULTS;

export const WORKER_FAULTS: Readonly<Record<WorkerFaultName, WorkerFault>> = FAULTS;

export const WORKER_FAULT_NAMES = Object.keys(FAULTS) as WorkerFaultName[];

/** Every toxic by its name. To add one: a file beside this one and a line here. */
import type { Toxic } from '../toxic.js';
import { bandwidth } from './bandwidth.js';
import { blackHole } from './black-hole.js';
import { latency } from './latency.js';
import { limitData } from './limit-data.js';
import { resetPeer } from './reset-peer.js';
import { slicer } from './slicer.js';
import { slowClose } from './slow-close.js';
import { timeout } from './timeout.js';

const ALL = {
  latency,
  bandwidth,
  slow_close: slowClose,
  timeout,
  reset_peer: resetPeer,
  slicer,
  limit_data: limitData,
  'black-hole': blackHole,
} as const satisfies Record<string, Toxic>;

export type ToxicType = keyof typeof ALL;

export const TOXICS: Readonly<Record<ToxicType, Toxic>> = ALL;

export const TOXIC_TYPES = Object.keys(ALL) as ToxicType[];

export const isToxicType = (name: string): name is ToxicType => Object.hasOwn(ALL, name);

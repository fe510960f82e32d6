/** Whether a request is one of the share that is poisoned: the same answer for the same request, wherever it goes. */
import { Random } from '../../core/random.js';

const SEED = 0x9015;

export const poisoned = (fingerprint: string, share: number): boolean =>
  fingerprint !== '' && new Random(SEED).fork(fingerprint).next() < share;

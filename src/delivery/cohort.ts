/**
 * Which requests get a new version first: those whose key falls below the share, once keys are spread evenly between 0
 * and 1 by a hash. A client keeps its place, so it stays on one version; and because a share only moves the limit, a
 * request that got the new version at a small share gets it at every larger one.
 */
import { hashText } from '../core/hash.js';

/**
 * @param key what requests of one client have in common.
 * @param salt another one for every rollout, so that it is not always the same clients who go first.
 * @returns in [0, 1).
 */
export const cohortOf = (key: string, salt: number): number => (hashText(key, salt) >>> 0) / 0x1_0000_0000;

/**
 * Which requests get a new version first: those whose key falls below the share, once keys are spread evenly between 0
 * and 1 by a hash. A client keeps its place, so it stays on one version; and because a share only moves the limit, a
 * request that got the new version at a small share gets it at every larger one.
 *
 * The hash is FNV-1a with the finalizer of MurmurHash3, which spreads keys that differ in few bits, such as addresses
 * of one network.
 */

/**
 * @param key what requests of one client have in common.
 * @param salt another one for every rollout, so that it is not always the same clients who go first.
 * @returns in [0, 1).
 */
export const cohortOf = (key: string, salt: number): number => {
  let hash = finish(salt ^ 0x811c9dc5);
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (finish(hash) >>> 0) / 0x1_0000_0000;
};

const finish = (word: number): number => {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
};

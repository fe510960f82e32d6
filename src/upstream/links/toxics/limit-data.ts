/** A connection that breaks off in the middle of an answer: so many bytes, and no more. */
import { defineToxic, type Release } from '../toxic.js';

export const limitData = defineToxic({
  description: 'the first `bytes` bytes of a connection get through, then it is closed',
  clientSees: '502 when it ends before the answer has begun, after that a body that breaks off',
  attributes: { bytes: { unit: 'bytes', required: true, description: 'that get through' } },
  begin: ({ bytes: limit }, { passedBytes }) => {
    let leftBytes = limit - passedBytes;
    return {
      onBytes: (bytes, nowMs) => {
        const passed = bytes.subarray(0, Math.max(0, leftBytes));
        leftBytes -= passed.length;
        const releases: Release[] = passed.length > 0 ? [{ bytes: passed, atMs: nowMs }] : [];
        if (leftBytes <= 0) releases.push({ ending: 'close', atMs: nowMs });
        return releases;
      },
    };
  },
});

/** A narrow line: bytes go through at a rate, evenly. */
import { defineToxic, type Release } from '../toxic.js';

/** A slow line sends a little at a time, not much after a long wait; Toxiproxy's interval. */
const SLICE_MS = 100;

export const bandwidth = defineToxic({
  description: '`rate` thousand bytes a second get through, and the sender is made to wait; 0: none at all',
  clientSees: 'large answers that take long, then 504 or a body that breaks off; small ones as ever',
  attributes: { rate: { unit: 'KB/s', required: true, description: 'thousand bytes a second' } },
  begin: ({ rate }, { nowMs: begunMs }) => {
    let freeMs = begunMs;
    return {
      onBytes: (bytes, nowMs) => {
        if (rate === 0) return [{ bytes, atMs: Number.POSITIVE_INFINITY }];
        const releases: Release[] = [];
        freeMs = Math.max(freeMs, nowMs);
        for (let from = 0; from < bytes.length; from += rate * SLICE_MS) {
          const slice = bytes.subarray(from, from + rate * SLICE_MS);
          // A thousand bytes a second is a byte a millisecond.
          freeMs += slice.length / rate;
          releases.push({ bytes: slice, atMs: freeMs });
        }
        return releases;
      },
    };
  },
});

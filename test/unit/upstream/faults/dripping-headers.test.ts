/** An answer that drips: a byte at a time, and the connection is over with the last of them, or at once when healed. */
import { describe, expect, it, vi } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { WHOLE } from '../../../../src/upstream/faults/bytes.js';
import { drippingHeaders } from '../../../../src/upstream/faults/dripping-headers.js';
import { Site } from '../../../../src/upstream/site.js';
import { visit } from '../../../support/visit.js';
import { countingRuntime } from '../../../support/worker-runtime.js';

const INTERVAL_MS = 100;

const drip = () => {
  if (!('begin' in drippingHeaders)) throw new Error('it is done in the worker');
  const clock = new VirtualClock();
  const site = new Site(clock, new Random(1), countingRuntime());
  const undo = drippingHeaders.begin(site, { share: 1, requests: null }, Number.POSITIVE_INFINITY);
  const one = visit();
  const { socket } = one.request;
  let text = '';
  vi.spyOn(socket, 'write').mockImplementation((bytes) => {
    text += bytes;
    return true;
  });
  const end = vi.spyOn(socket, 'end').mockImplementation((bytes: unknown) => {
    text += bytes;
    return socket;
  });
  expect(site.answered(one)).toBe(true);
  return { clock, undo, end, text: () => text };
};

describe('dripping-headers', () => {
  it('sends one byte each 100 ms, and ends the connection with the last', () => {
    const { clock, end, text } = drip();
    clock.advance(INTERVAL_MS * (WHOLE.length - 1));
    expect(text()).toBe(WHOLE.slice(0, -1));
    expect(end).not.toHaveBeenCalled();
    clock.advance(INTERVAL_MS);
    expect(text()).toBe(WHOLE);
    expect(end).toHaveBeenCalledOnce();
    clock.advance(INTERVAL_MS * 10);
    expect(text()).toBe(WHOLE);
    expect(end).toHaveBeenCalledOnce();
  });

  it('sends the rest and ends the connection when it is healed', () => {
    const { clock, undo, end, text } = drip();
    clock.advance(INTERVAL_MS * 3);
    undo();
    expect(text()).toBe(WHOLE);
    clock.advance(INTERVAL_MS * 10);
    expect(text()).toBe(WHOLE);
    expect(end).toHaveBeenCalledOnce();
  });

  it('says that the connection is over', () => {
    expect(WHOLE).toMatch(/\r\nconnection: close\r\n/);
  });
});

/** Collections of the young generation are asked for by bytes of bodies, and only where V8 gave the right to. */
import { afterEach, expect, it, vi } from 'vitest';

const STRETCH_BYTES = 16 * 1024 ** 2;

const load = async (gc: unknown) => {
  vi.stubGlobal('gc', gc);
  vi.resetModules();
  return import('../../../src/gateway/body-garbage.js');
};

afterEach(() => vi.unstubAllGlobals());

it('asks for one after each 16 MiB, however they are cut', async () => {
  const gc = vi.fn();
  const { noteBodyBytes } = await load(gc);
  noteBodyBytes(STRETCH_BYTES - 1);
  expect(gc).not.toHaveBeenCalled();
  noteBodyBytes(1);
  expect(gc.mock.calls).toEqual([[{ type: 'minor' }]]);
  for (let chunk = 0; chunk < 512; chunk++) noteBodyBytes(64 * 1024);
  expect(gc).toHaveBeenCalledTimes(3);
});

it('does without where the process was not started for it', async () => {
  const { noteBodyBytes } = await load(undefined);
  expect(() => noteBodyBytes(2 * STRETCH_BYTES)).not.toThrow();
});

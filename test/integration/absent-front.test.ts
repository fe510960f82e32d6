/** A gateway that runs already, before the load: whether it is there, and whether it has found the workers. */
import { describe, expect, it } from 'vitest';
import { type Clock, wallClock } from '../../src/core/clock.js';
import { AbsentFront } from '../../src/scenarios/targets/absent-front.js';
import { freePort, startUpstream } from '../support/upstream.js';

const WORKERS = [
  { id: 'worker-1', host: '127.0.0.1', port: 9001 },
  { id: 'worker-2', host: '::1', port: 9002 },
];

const frontAt = (port: number, clock: Clock = wallClock, path = '/shop'): AbsentFront =>
  new AbsentFront({ origin: `http://127.0.0.1:${port}`, path, clock });

/** Sixteen seconds pass at each look, and waiting takes a moment. */
const hasty = (): Clock => {
  let nowMs = 0;
  return {
    ...wallClock,
    nowMs: () => {
      nowMs += 16_000;
      return nowMs;
    },
    after: (delayMs, run) => wallClock.after(Math.min(delayMs, 5_000), run),
  };
};

describe('a gateway that runs already', () => {
  it('is waited for until it serves what clients ask for', async () => {
    const paths: (string | undefined)[] = [];
    const port = await startUpstream(({ url }, response) => {
      paths.push(url);
      response.writeHead(paths.length < 3 ? 503 : 200).end();
    });
    expect(await frontAt(port).start(WORKERS)).toEqual([[`http://127.0.0.1:${port}`]]);
    expect(paths).toEqual(['/shop', '/shop', '/shop']);
  });

  it('may refuse the path, which is an answer', async () => {
    const port = await startUpstream((_request, response) => response.writeHead(404).end());
    expect(await frontAt(port).start(WORKERS)).toHaveLength(1);
  });

  it('that is not there is told of at once', async () => {
    const port = await freePort();
    await expect(frontAt(port).start(WORKERS)).rejects.toMatchObject({
      reason: 'couldNotStart',
      message: `nobody listens at http://127.0.0.1:${port}: a gateway of your own has to run before`,
    });
  });

  it('that finds no worker is told where they are', async () => {
    const port = await startUpstream((_request, response) => response.writeHead(502).end());
    await expect(frontAt(port, hasty()).start(WORKERS)).rejects.toMatchObject({
      reason: 'couldNotStart',
      message: `http://127.0.0.1:${port} does not serve /shop 15s after its workers were there (answered 502); it has to send to 127.0.0.1:9001, [::1]:9002`,
    });
  });

  it('is not waited for when the run is over', async () => {
    const front = frontAt(await startUpstream((_request, response) => response.writeHead(502).end()));
    const started = front.start(WORKERS);
    await front.stop();
    await expect(started).resolves.toHaveLength(1);
  });
});

it('without a gateway clients go to the workers', async () => {
  expect(await new AbsentFront(null).start(WORKERS)).toEqual([
    ['http://127.0.0.1:9001', 'http://[::1]:9002'],
  ]);
});

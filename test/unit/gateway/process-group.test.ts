/** The processes that serve for a primary, and what becomes of a smoke test when the one that is at it is gone. */
import { describe, expect, it } from 'vitest';
import type { ChildExit } from '../../../src/core/child.js';
import { Deferred } from '../../../src/core/deferred.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import type { FromServing, ToServing } from '../../../src/gateway/messages.js';
import { NOBODY, ProcessGroup } from '../../../src/gateway/process-group.js';
import { SMOKE_TEST_TIMEOUT_MS } from '../../../src/gateway/smoke-test.js';
import { ownConfig } from '../../support/generations.js';

const CHECKS = [{ path: '/', headers: {}, status: null, upstreams: null, requests: 1 }];

interface Child {
  readonly sent: ToServing[];
  readonly say: (message: FromServing) => void;
  readonly exit: () => void;
}

const open = () => {
  const clock = new VirtualClock();
  const children: Child[] = [];
  const group = new ProcessGroup({
    processes: 2,
    clock,
    spawn: (_argument, say) => {
      const exited = new Deferred<ChildExit>();
      const sent: ToServing[] = [];
      children.push({ sent, say, exit: () => exited.resolve({ code: 1, signal: null }) });
      const pid = children.length;
      return { pid, stderr: '', exited: exited.promise, send: (one) => sent.push(one), kill: () => {} };
    },
    argumentOf: () => ({}) as never,
    greet: () => [],
    onRefused: () => {},
    onStart: () => {},
    onReport: () => {},
    onExit: () => {},
  });
  void group.start();
  const test = () => group.smokeTest((number) => ({ ...ownConfig({}), maxConnections: number }), CHECKS);
  const listen = () => {
    for (const { say } of children) say({ type: 'listening' });
  };
  return { clock, children, group, test, listen };
};

const testOf = ({ sent }: Child) => sent.find((message) => message.type === 'smoke-test')!;

describe('a smoke test of several processes', () => {
  it('is one process’s, with its share, and what it says counts', async () => {
    const { children, test, listen } = open();
    listen();
    const tested = test();
    const [first, second] = children;
    expect(testOf(first!)).toMatchObject({ config: { maxConnections: 1 }, checks: CHECKS });
    expect(second!.sent).toEqual([]);
    const failure = { status: 422, reason: 'it answers 502' } as const;
    first!.say({ type: 'smoke-tested', number: testOf(first!).number, failure });
    expect(await tested).toEqual(failure);
  });

  it('is nobody’s before one listens', async () => {
    const { test } = open();
    expect(await test()).toEqual(NOBODY);
  });

  it('says nothing of a config when its process ends', async () => {
    const { children, test, listen } = open();
    listen();
    const tested = test();
    children[0]!.exit();
    expect(await tested).toEqual({
      status: 409,
      reason: 'process 1, which tried it, ended; send it again',
    });
    expect(testOf(children[1]!), 'nor is it another’s').toBeUndefined();
  });

  it('says nothing of a config when its process stands still', async () => {
    const { clock, test, listen } = open();
    listen();
    const tested = test();
    clock.advance(SMOKE_TEST_TIMEOUT_MS + 1_000);
    expect(await tested).toEqual({
      status: 409,
      reason: 'process 1, which was to try it, stands still; send it again',
    });
  });
});

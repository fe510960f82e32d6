/** The stack of layers: the order in which they see a request and its response, and what they may do to both. */
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import {
  Call,
  type Layer,
  type ProxyRequest,
  type ProxyResponse,
  type Service,
  stack,
} from '../../../src/policies/service.js';

const request: ProxyRequest = { method: 'GET', path: '/', headers: {}, body: null };

const responseOf = (statusCode: number): ProxyResponse => ({
  statusCode,
  headers: {},
  relay: () => {},
  resume: () => {},
  destroy: () => {},
  onEnd: () => {},
});

const newCall = (): Call => new Call('ray', new VirtualClock());

describe('a stack of layers', () => {
  const traced = (): { trace: string[]; layer: (name: string) => Layer; leaf: Service } => {
    const trace: string[] = [];
    return {
      trace,
      layer: (name) => (next) => async (asked, call) => {
        trace.push(`${name} in`);
        const response = await next(asked, call);
        trace.push(`${name} out`);
        return response;
      },
      leaf: async () => {
        trace.push('leaf');
        return responseOf(200);
      },
    };
  };

  it('runs the first layer outermost', async () => {
    const { trace, layer, leaf } = traced();
    await stack(layer('a'), layer('b'), layer('c'))(leaf)(request, newCall());
    expect(trace).toEqual(['a in', 'b in', 'c in', 'leaf', 'c out', 'b out', 'a out']);
  });

  it('of no layers is the leaf itself', () => {
    const { leaf } = traced();
    expect(stack()(leaf)).toBe(leaf);
  });

  it('can be a layer of another stack', async () => {
    const { trace, layer, leaf } = traced();
    await stack(layer('a'), stack(layer('b'), layer('c')))(leaf)(request, newCall());
    expect(trace).toEqual(['a in', 'b in', 'c in', 'leaf', 'c out', 'b out', 'a out']);
  });

  it('builds each layer once, however many requests there are', async () => {
    let built = 0;
    const { leaf } = traced();
    const service = stack((next) => {
      built++;
      return next;
    })(leaf);
    await service(request, newCall());
    await service(request, newCall());
    expect(built).toBe(1);
  });

  it('hands the request and the call down as they are, and the response up', async () => {
    const call = newCall();
    const response = responseOf(204);
    const seen: unknown[] = [];
    const passOn: Layer = (next) => (asked, given) => next(asked, given);
    const service = stack(
      passOn,
      passOn,
    )(async (asked, given) => {
      seen.push(asked, given);
      return response;
    });
    expect(await service(request, call)).toBe(response);
    expect(seen[0]).toBe(request);
    expect(seen[1]).toBe(call);
  });

  it('stops at a layer that answers by itself', async () => {
    const { trace, layer, leaf } = traced();
    const refuse: Layer = () => async () => responseOf(503);
    const response = await stack(layer('a'), refuse, layer('c'))(leaf)(request, newCall());
    expect(response.statusCode).toBe(503);
    expect(trace).toEqual(['a in', 'a out']);
  });
});

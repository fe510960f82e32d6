/** A service whose answers a test decides, and responses whose bodies it ends. */
import type { BodyEnd, ProxyRequest, ProxyResponse, Service } from '../../src/policies/service.js';

export const REQUEST: ProxyRequest = { method: 'GET', path: '/', headers: {}, body: null };

export interface MockResponse extends ProxyResponse {
  /** The last byte was relayed (`null`) or lost. */
  finish(end?: BodyEnd): void;
  readonly destroyed: boolean;
}

export const mockResponse = (statusCode: number): MockResponse => {
  let ended: { end: BodyEnd } | null = null;
  let destroyed = false;
  const listeners: ((end: BodyEnd) => void)[] = [];
  const finish = (end: BodyEnd = null): void => {
    if (ended !== null) return;
    ended = { end };
    for (const listener of listeners) listener(end);
  };
  return {
    statusCode,
    headers: {},
    relay: () => {},
    resume: () => {},
    destroy: () => {
      destroyed = true;
      finish();
    },
    onEnd: (listener) => {
      if (ended === null) listeners.push(listener);
      else listener(ended.end);
    },
    finish,
    get destroyed() {
      return destroyed;
    },
  };
};

export interface Pending {
  readonly request: ProxyRequest;
  respond(statusCode: number): MockResponse;
  fail(error: Error): void;
}

/** Requests wait in `pending`, in the order in which they came, until the test answers them. */
export const mockService = (): { service: Service; pending: Pending[] } => {
  const pending: Pending[] = [];
  const service: Service = (request, call) =>
    new Promise((resolve, reject) => {
      call.onCancel(reject);
      pending.push({
        request,
        respond: (statusCode) => {
          const response = mockResponse(statusCode);
          resolve(response);
          return response;
        },
        fail: reject,
      });
    });
  return { service, pending };
};

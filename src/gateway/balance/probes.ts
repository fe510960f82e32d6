/** Probes of upstreams for `prequal`: one request each, answered with what `ProbeResult` says, as JSON. */
import type { Clock } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import { Call, type ProxyResponse, type Service } from '../../policies/service.js';
import type { ProbeResult } from './prequal.js';

/** More than any answer to a probe needs. */
const MAX_ANSWER_BYTES = 4096;

const textOf = (response: ProxyResponse): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const take = (chunk: Uint8Array): boolean => {
      text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
      if (text.length > MAX_ANSWER_BYTES) response.destroy(null);
      return true;
    };
    const end = (last?: Uint8Array): void => {
      if (last !== undefined) take(last);
      resolve(text);
    };
    response.relay({ write: take, end, abort: reject });
  });

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0;

export const probeOver = (
  transport: Service,
  { path, timeoutMs, clock }: { path: string; timeoutMs: number; clock: Clock },
): (() => Promise<ProbeResult | null>) => {
  return async () => {
    const call = new Call('probe', clock);
    const timer = clock.after(timeoutMs, () => call.cancel(new GatewayError('BGW_ERR_RESPONSE_TIMEOUT')));
    try {
      const response = await transport({ method: 'GET', path, headers: {}, body: null }, call);
      call.onCancel((error) => response.destroy(error));
      const text = await textOf(response);
      const { inFlight, latencyMs } = JSON.parse(text) as Record<string, unknown>;
      return response.statusCode === 200 && isCount(inFlight) && isCount(latencyMs)
        ? { inFlight, latencyMs }
        : null;
    } catch {
      // Whoever does not answer a probe is not in the pool: that is all a selector has to know.
      return null;
    } finally {
      timer.cancel();
    }
  };
};

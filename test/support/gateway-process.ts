/** The gateway as its own process, in front of one upstream, seen through its admin API. */
import { request } from 'node:http';
import { onTestFinished } from 'vitest';
import { Reaper } from '../../src/core/reaper.js';
import { resolveGatewayConfig } from '../../src/gateway/config.js';
import { GatewayChild } from '../../src/gateway/gateway-child.js';

export interface GatewayProcess {
  readonly port: number;
  readonly adminPort: number;
  readonly pid: number;
  /** Heap and external memory in use. */
  memoryBytes(): Promise<number>;
  /** The most memory seen while requests were in flight; settles when none is any more. */
  peakBytesUntilIdle(): Promise<number>;
}

const getJson = <Answer>(port: number, path: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(JSON.parse(text) as Answer));
    })
      .on('error', reject)
      .end();
  });

export const startGatewayProcess = async (upstreamPort: number): Promise<GatewayProcess> => {
  const reaper = new Reaper();
  const gateway = new GatewayChild({
    argument: {
      config: resolveGatewayConfig({ healthCheck: 'off', timeouts: { attempt: '5m', request: '5m' } }),
      upstreams: [{ id: 'upstream-1', host: '127.0.0.1', port: upstreamPort }],
      host: '127.0.0.1',
      port: 0,
      adminPort: 0,
      seed: 7,
    },
    reaper,
    onReport: () => {},
  });
  onTestFinished(async () => {
    await gateway.stop(1_000);
    await reaper.stop();
  });
  const { port, adminPort } = await gateway.ready;
  const memoryBytes = async (): Promise<number> => {
    const memory = await getJson<{ heapBytes: number; externalBytes: number }>(adminPort, '/memory');
    return memory.heapBytes + memory.externalBytes;
  };
  const inFlight = async (): Promise<number> =>
    (await getJson<{ inFlight: number }[]>(adminPort, '/upstreams'))[0]!.inFlight;

  const peakBytesUntilIdle = async (): Promise<number> => {
    let peak = 0;
    while ((await inFlight()) === 0);
    while ((await inFlight()) > 0) peak = Math.max(peak, await memoryBytes());
    return peak;
  };
  return { port, adminPort, pid: gateway.pid, memoryBytes, peakBytesUntilIdle };
};

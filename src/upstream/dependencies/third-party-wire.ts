/** A worker's requests to a third party's API, over connections that are kept. */
import { Agent, request } from 'node:http';
import { GatewayError } from '../../core/errors.js';
import type { Service } from '../../policies/service.js';
import type { DependencyTarget } from './messages.js';
import { answered, lostBy } from './wire.js';

export const thirdPartyWire = ({ host, port }: Pick<DependencyTarget, 'host' | 'port'>): Service => {
  const agent = new Agent({ keepAlive: true });
  return ({ method, path }, call) =>
    new Promise((resolve, reject) => {
      const outgoing = request({ agent, host, port, method, path }, (response) => {
        response.on('error', () => {});
        response.on('close', () => {
          if (response.complete) resolve(answered(response.statusCode!));
          else reject(new GatewayError('BGW_ERR_CONNECTION_CLOSED'));
        });
        response.resume();
      });
      outgoing.on('error', (error) => reject(lostBy(error)));
      call.onCancel((error) => {
        outgoing.destroy();
        reject(error);
      });
      outgoing.end();
    });
};

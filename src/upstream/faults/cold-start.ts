/** A process that has just begun is slow, with nothing compiled and nothing cached, and gets faster as it serves. */
import { defineFault } from './fault.js';

export const coldStart = defineFault({
  description:
    'the first `requests` requests of a process take up to `factor` times as long, fewer times from one to the next',
  clientSees:
    'late answers and 504 from workers that have just come back, who fall over again under full load',
  standsFor: 'OpenAI 2023-11-08 and Canva 2024-11-12 (recovery only with a ramp)',
  takes: { factor: 4, requests: 200 },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { factor, requests }) => {
    let served = 0;
    return site.onService((serviceMs) => {
      const cold = Math.max(0, 1 - served++ / requests);
      return serviceMs * (1 + (factor - 1) * cold);
    });
  },
});

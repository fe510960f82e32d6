/** What the words of `retry.budget` become, for each type of budget. */
import { expect, it } from 'vitest';
import { resolveRetry } from '../../../src/gateway/config/retries.js';

it.each([
  [
    { type: 'throttle', maxTokens: 7, tokenRatio: 0.5 },
    { name: 'throttle', maxTokens: 7, tokenRatio: 0.5 },
  ],
  [
    { type: 'token-bucket', maxTokens: 7, tokenRatio: 0.5 },
    { name: 'token-bucket', capacity: 7, refundRatio: 0.5 },
  ],
  [{ type: 'token-bucket' }, { name: 'token-bucket', capacity: 100, refundRatio: 0.1 }],
  [
    { type: 'concurrent', ratio: '30%', minConcurrent: 1 },
    { name: 'concurrent', ratio: 0.3, minConcurrent: 1 },
  ],
] as const)('%o', (budget, options) => {
  expect(resolveRetry({ budget }).budget).toEqual(options);
});

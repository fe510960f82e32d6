/** Where traces go, by OpenTelemetry's variables. */
import { describe, expect, it } from 'vitest';
import { countIn, otlpTarget } from '../../../src/core/otlp-environment.js';

const SHARED = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const OWN = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const HERE = 'http://127.0.0.1:4318';

describe('the collector', () => {
  it.each<[Record<string, string>, string | undefined]>([
    [{}, undefined],
    [{ [SHARED]: HERE }, `${HERE}/v1/traces`],
    [{ [SHARED]: `${HERE}/base/` }, `${HERE}/base/v1/traces`],
    [{ [OWN]: `${HERE}/all` }, `${HERE}/all`],
    [{ [OWN]: `${HERE}/all`, [SHARED]: 'http://127.0.0.2' }, `${HERE}/all`],
    [{ [SHARED]: '' }, undefined],
    [{ [SHARED]: 'no address' }, undefined],
    [{ [SHARED]: 'ftp://127.0.0.1' }, undefined],
    [{ [SHARED]: HERE, OTEL_SDK_DISABLED: 'TRUE' }, undefined],
    [{ [SHARED]: HERE, OTEL_TRACES_EXPORTER: 'none' }, undefined],
    [{ [SHARED]: HERE, OTEL_TRACES_EXPORTER: 'otlp' }, `${HERE}/v1/traces`],
  ])('of %j is at %s', (environment, url) => {
    expect(otlpTarget(environment)?.url.href).toBe(url);
  });

  it('gets the headers of both variables, its own before the shared ones', () => {
    const target = otlpTarget({
      [SHARED]: HERE,
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20one, x-a=1,nonsense,x-bad=%zz',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-a=2',
    });
    expect(target?.headers).toEqual({ authorization: 'Bearer one', 'x-a': '2', 'x-bad': '%zz' });
  });
});

describe('a number in the environment', () => {
  it.each([
    [undefined, 7],
    ['3', 3],
    ['0', 7],
    ['-1', 7],
    ['2.5', 7],
    ['many', 7],
  ])('%s is %i', (value, expected) => {
    expect(countIn(value === undefined ? {} : { N: value }, 'N', 7)).toBe(expected);
  });
});

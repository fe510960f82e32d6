/** The header of a trace: what it says comes out as it went in, and what is none says nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTraceParent, parseTraceParent } from '../../../src/core/trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

const hex = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => !/^0+$/.test(text));

describe('traceparent', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
        const parent = { traceId, spanId, sampled };
        expect(parseTraceParent(formatTraceParent(parent))).toEqual(parent);
      }),
    );
  });

  it('never throws, whatever a client sends', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseTraceParent(text);
      }),
    );
  });

  it.each([
    ['no header', undefined],
    ['two headers', [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`]],
    ['nothing', ''],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['the version that there will never be', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-more`],
    ['something else behind a version to come', `cc-${TRACE}-${SPAN}-01.more`],
  ])('says nothing: %s', (_what, header) => {
    expect(parseTraceParent(header)).toBeNull();
  });

  it.each([
    ['a version to come', `cc-${TRACE}-${SPAN}-01`, true],
    ['a version to come, with more', `cc-${TRACE}-${SPAN}-01-what-the-future-has`, true],
    ['flags that are not known yet', `00-${TRACE}-${SPAN}-ff`, true],
    ['flags without the one that counts', `00-${TRACE}-${SPAN}-fe`, false],
    ['blanks around it', ` 00-${TRACE}-${SPAN}-00 `, false],
  ])('is understood: %s', (_what, header, sampled) => {
    expect(parseTraceParent(header)).toEqual({ traceId: TRACE, spanId: SPAN, sampled });
  });
});

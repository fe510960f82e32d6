/**
 * The identity of a trace as it travels in a header: W3C Trace Context, https://www.w3.org/TR/trace-context-1/.
 */

export const TRACEPARENT = 'traceparent';
export const TRACESTATE = 'tracestate';

export interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span of whoever sent it. */
  readonly spanId: string;
  /** Its sender records the trace, and so should whoever gets it. */
  readonly sampled: boolean;
}

/** Version, trace, span, flags; versions to come may have more behind a further dash (section 4.3). */
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

const SAMPLED_FLAG = 1;

/** @returns `null` when the header does not follow the standard: then it says nothing, and neither does `tracestate`. */
export const parseTraceParent = (header: string | readonly string[] | undefined): TraceParent | null => {
  if (typeof header !== 'string') return null;
  const [, version, traceId = '', spanId = '', flags = '', more] = FORM.exec(header.trim()) ?? [];
  if (version === undefined || version === 'ff') return null;
  if (version === '00' && more !== undefined) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED_FLAG) !== 0 };
};

export const formatTraceParent = ({ traceId, spanId, sampled }: TraceParent): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;

/** The error page as text: whatever comes from outside, it has the tags that it always has, and a checker likes it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../../../src/core/errors.js';
import { contentPolicy, type ErrorPage, renderErrorPage } from '../../../../src/gateway/error-page.js';
import { htmlProblems, skeletonOf } from '../../../support/html.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];

const PLAIN: ErrorPage = {
  status: 502,
  code: 'BGW_ERR_CONNECTION_REFUSED',
  method: 'GET',
  host: 'shop.example',
  viaEdge: false,
  clientAddress: '2405:201:c013:11:4837:295d:72:bc48',
  location: 'FRA',
  rayId: '0123456789abcdef',
  atMs: Date.UTC(2024, 10, 8, 12, 6, 0),
  recovery: null,
  statusPage: 'http://127.0.0.1:9000',
  reports: true,
};

/** Pieces with which others have broken out of pages. */
const PIECES = [
  '</style>',
  '</title><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '" autofocus onfocus="alert(1)',
  '<!--',
  '-->',
  ']]>',
  '&lt;',
  '&#x3c;script&#x3e;',
  '&',
  '\u0000',
  '\r\n\r\n<b>',
  '\u202egnp.exe',
  '\ud800',
  '\udfff',
  '\ufffe',
  '\u00ff\u00fe\u00c3\u0028',
  '＜script＞',
  'javascript:alert(1)',
];

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PIECES),
      fc.string({ unit: 'binary', maxLength: 30 }),
      // As Node hands bytes that are no UTF-8 over: one character for each.
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

describe('the error page', () => {
  it('has the same tags whatever its values are, and no control characters', () => {
    const expected = skeletonOf(renderErrorPage(PLAIN));
    fc.assert(
      fc.property(
        fc.record({
          host: hostile,
          clientAddress: hostile,
          location: hostile,
          rayId: hostile,
          method: hostile,
        }),
        (values) => {
          const html = renderErrorPage({ ...PLAIN, ...values });
          expect(skeletonOf(html)).toEqual(expected);
          expect(Buffer.from(html, 'utf8').toString('utf8')).toBe(html.toString());
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
          expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is short, however long the host is', () => {
    const normal = renderErrorPage(PLAIN).length;
    expect(renderErrorPage({ ...PLAIN, host: '<'.repeat(8_192) }).length).toBeLessThan(normal + 1_000);
  });

  it.each(CODES)('of %s is good HTML, with every part of its anatomy', async (code) => {
    const { statusCode, title } = ERRORS[code];
    const html = renderErrorPage({ ...PLAIN, code, status: statusCode });
    expect(await htmlProblems(html)).toEqual([]);
    for (const part of [
      `Error code ${statusCode} · ${title}`,
      '<code>0123456789abcdef</code>',
      '<code>2405:201:c013:11:4837:295d:72:bc48</code>',
      'FRA',
      '2024-11-08 12:06:00 UTC',
      'What happened?',
      'What can I do?',
      'Estimated recovery',
      'href="http://127.0.0.1:9000/"',
      'action="http://127.0.0.1:9000/report"',
    ]) {
      expect(html).toContain(part);
    }
    expect(html.match(/✕ Error/g)).toHaveLength(1);
  });

  it.each([
    ['BGW_ERR_CONNECTION_REFUSED', 'Host', 0],
    ['BGW_ERR_NO_UPSTREAM', 'Host', 0],
    ['BGW_ERR_QUEUE_FULL', 'Gateway', 1],
    ['BGW_ERR_INTERNAL', 'Gateway', 1],
    ['BGW_ERR_RATE_LIMITED', 'You', 1],
  ] as const)('of %s marks %s, and says of nobody behind it that it works', (code, title, unasked) => {
    const html = renderErrorPage({ ...PLAIN, code });
    expect(/<li class="bad">.*?<b>(\w+)<\/b>/.exec(html)?.[1]).toBe(title);
    expect(html.match(/– Not asked/g) ?? []).toHaveLength(unasked);
  });

  it('says when it may be over only where that is known', () => {
    expect(renderErrorPage(PLAIN)).toContain('Not known');
    const known = renderErrorPage({ ...PLAIN, recovery: { afterMs: 3_200, source: 'circuit' } });
    expect(known).toContain('In about 4 seconds at the earliest');
    expect(known).toContain('Please try again in 4 seconds.');
  });

  it('warns of sending again what may have arrived', () => {
    const code = 'BGW_ERR_RESPONSE_TIMEOUT';
    expect(renderErrorPage({ ...PLAIN, code, method: 'POST' })).toContain('may have got what you sent');
    expect(renderErrorPage({ ...PLAIN, code })).not.toContain('may have got what you sent');
  });

  it('leads nowhere and has no form without a status page, or where reports are off', () => {
    const alone = renderErrorPage({ ...PLAIN, statusPage: null });
    expect(alone).not.toMatch(/<form|href=/);
    const quiet = renderErrorPage({ ...PLAIN, reports: false });
    expect(quiet).toContain('href="http://127.0.0.1:9000/"');
    expect(quiet).not.toContain('<form');
  });

  it('lets its form go to the status page alone', () => {
    expect(contentPolicy('https://status.example/shop', true)).toContain(
      'form-action https://status.example;',
    );
    expect(contentPolicy(null, true)).toContain("form-action 'none'");
    expect(contentPolicy('https://status.example', false)).toContain("form-action 'none'");
  });
});

/** The suite's reader of answers forgives nothing: each row is a fault that a lenient reader would let slip. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnswer } from '../../conformance/answer-parser.js';

const parse = (text: string, method = 'GET', ended = false) =>
  parseAnswer(Buffer.from(text, 'latin1'), method, ended);

const OK = 'HTTP/1.1 200 OK\r\n';

describe('a whole answer', () => {
  it.each([
    ['with a length', `${OK}Content-Length: 5\r\n\r\nhello`],
    ['in chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`],
    ['after informational ones', `HTTP/1.1 103 Early\r\nLink: x\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`],
  ])('%s is read', (_title, text) => {
    expect(parse(text)).toMatchObject({ status: 200, complete: true, problems: [] });
    expect(parse(text).body.toString()).toBe('hello');
  });

  it('keeps what follows for the next one', () => {
    const { rest } = parse(`${OK}Content-Length: 1\r\n\r\naHTTP/1.1 400 Bad\r\n\r\n`);
    expect(rest.toString()).toBe('HTTP/1.1 400 Bad\r\n\r\n');
  });

  it.each([
    ['204', 'GET', 'HTTP/1.1 204 None\r\n\r\n'],
    ['304', 'GET', 'HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n'],
    ['HEAD', 'HEAD', `${OK}Content-Length: 5\r\n\r\n`],
  ])('of %s has no body', (_title, method, text) => {
    expect(parse(text, method)).toMatchObject({ complete: true, problems: [] });
  });

  it('without framing ends with its connection, and not before', () => {
    expect(parse(`${OK}\r\nhello`).complete).toBe(false);
    expect(parse(`${OK}\r\nhello`, 'GET', true).complete).toBe(true);
  });
});

describe('an answer that is not whole', () => {
  it.each([
    ['nothing', ''],
    ['half a status line', 'HTTP/1.1 20'],
    ['half a header', `${OK}Content-Le`],
    ['too few bytes', `${OK}Content-Length: 5\r\n\r\nhell`],
    ['no last chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
    ['half a last chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n`],
    ['half a chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`],
  ])('%s is neither complete nor wrong, however it ended', (_title, text) => {
    expect(parse(text, 'GET', true)).toMatchObject({ complete: false, problems: [] });
  });
});

describe('what is not HTTP', () => {
  it.each([
    ['other bytes', 'SSH-2.0-OpenSSH\r\n'],
    ['another version', 'HTTP/3.0 200 OK\r\n\r\n'],
    ['a status that begins with 0', 'HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n'],
    ['a status in letters', 'HTTP/1.1 abc\r\n\r\n'],
    ['a name with a space', `${OK}Bad Name: x\r\nContent-Length: 0\r\n\r\n`],
    ['a line without a colon', `${OK}Bad\r\nContent-Length: 0\r\n\r\n`],
    ['a folded line', `${OK}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
    ['a control character', `${OK}X: a\x01\r\nContent-Length: 0\r\n\r\n`],
    ['two lengths', `${OK}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`],
    ['a negative length', `${OK}Content-Length: -1\r\n\r\n`],
    ['length and chunks', `${OK}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['another coding', `${OK}Transfer-Encoding: gzip\r\n\r\n`],
    ['a chunk size that is none', `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['a chunk longer than its size', `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n`],
    ['a 204 with a length', 'HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n'],
    ['a 101 that nobody asked for', 'HTTP/1.1 101 Switching\r\n\r\n'],
  ])('%s is a problem', (_title, text) => {
    expect(parse(text).problems).not.toEqual([]);
  });
});

it('reads the same in the end, however the bytes arrive', () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 5 });
  fc.assert(
    fc.property(chunks, fc.nat(), (parts, cut) => {
      const framed = parts.map((part) =>
        Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
      );
      const head = Buffer.from(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
      const bytes = Buffer.concat([head, ...framed, Buffer.from('0\r\n\r\n')]);
      const at = cut % bytes.length;
      // Any part of it is incomplete, and a beginning of the body; the whole of it is the body.
      const early = parseAnswer(bytes.subarray(0, at), 'GET', true);
      const body = Buffer.concat(parts);
      expect(early).toMatchObject({ complete: false, problems: [] });
      expect(body.subarray(0, early.body.length).equals(early.body)).toBe(true);
      const whole = parseAnswer(bytes, 'GET', false);
      expect(whole).toMatchObject({ complete: true, problems: [] });
      expect(whole.body.equals(body)).toBe(true);
    }),
  );
});

/** Conditions: what a client has already, what the upstream is asked, and what its 304 changes. */
import { describe, expect, it } from 'vitest';
import {
  freshenedHeaders,
  isAbout,
  isNotModified,
  storedHeaders,
  validatingHeaders,
} from '../../../../src/policies/cache/conditions.js';
import type { Headers } from '../../../../src/policies/service.js';
import { httpDate, START_MS } from './upstream.js';

const CHANGED = httpDate(START_MS);
const BEFORE = httpDate(START_MS - 1000);
const AFTER = httpDate(START_MS + 1000);

describe('a client’s copy', () => {
  it.each<[string, Headers, Headers, boolean]>([
    ['has the tag', { 'if-none-match': '"a"' }, { etag: '"a"' }, true],
    ['has another tag', { 'if-none-match': '"b"' }, { etag: '"a"' }, false],
    ['has it among others', { 'if-none-match': '"x", W/"a" , "y"' }, { etag: '"a"' }, true],
    ['has a tag with a comma in it', { 'if-none-match': '"x,y"' }, { etag: '"x,y"' }, true],
    ['has a part of the tag', { 'if-none-match': '"x,y"' }, { etag: '"y"' }, false],
    ['has the tag, weak', { 'if-none-match': '"a"' }, { etag: 'W/"a"' }, true],
    ['has any', { 'if-none-match': '*' }, { etag: '"a"' }, true],
    ['has a tag without quotes', { 'if-none-match': 'abc' }, { etag: 'abc' }, true],
    [
      'is compared by the tag alone',
      { 'if-none-match': '"b"', 'if-modified-since': AFTER },
      { etag: '"a"', 'last-modified': CHANGED },
      false,
    ],
    ['has no tag to compare with', { 'if-none-match': '"a"' }, {}, false],
    ['is as new', { 'if-modified-since': CHANGED }, { 'last-modified': CHANGED }, true],
    ['is newer', { 'if-modified-since': AFTER }, { 'last-modified': CHANGED }, true],
    ['is older', { 'if-modified-since': BEFORE }, { 'last-modified': CHANGED }, false],
    ['is as new as the response', { 'if-modified-since': CHANGED }, { date: CHANGED }, true],
    ['has no date that is one', { 'if-modified-since': 'yesterday' }, { 'last-modified': CHANGED }, false],
  ])('%s', (_title, asked, stored, expected) => {
    expect(isNotModified(asked, stored)).toBe(expected);
  });
});

describe('the upstream', () => {
  it('is asked with the stored validators and not with the client’s', () => {
    const asked = { accept: 'x', 'if-none-match': '"mine"', 'if-modified-since': BEFORE };
    expect(validatingHeaders(asked, { etag: '"stored"' })).toEqual({
      accept: 'x',
      'if-none-match': '"stored"',
      'if-modified-since': undefined,
    });
  });

  it.each<[string, Headers, Headers, boolean]>([
    ['the same tag', { etag: '"a"' }, { etag: '"a"' }, true],
    ['the same tag, weak now', { etag: 'W/"a"' }, { etag: '"a"' }, true],
    ['another tag', { etag: '"b"' }, { etag: '"a"' }, false],
    ['a tag that was not asked for', { etag: '"b"' }, {}, false],
    ['no tag', {}, { etag: '"a"' }, true],
  ])('names %s', (_title, notModified, stored, expected) => {
    expect(isAbout(notModified, stored)).toBe(expected);
  });
});

describe('the fields that are kept', () => {
  it('are those of the message and not of the connection, and a date', () => {
    const kept = storedHeaders(
      {
        connection: 'close, X-Hop',
        'x-hop': '1',
        'keep-alive': 'timeout=5',
        'transfer-encoding': 'chunked',
        'proxy-authenticate': 'Basic',
        age: '9',
        'cache-control': 'max-age=60, private="x-user"',
        'x-user': 'me',
        'x-kept': ['a', 'b'],
        'x-gone': undefined,
      },
      START_MS,
    );
    expect(kept).toEqual({
      'cache-control': 'max-age=60, private="x-user"',
      'x-kept': ['a', 'b'],
      date: CHANGED,
      // Places for what each answer sets.
      age: '',
      'cache-status': '',
    });
  });

  it('are updated by a 304, new ones added, those of the body not', () => {
    const stored = {
      date: BEFORE,
      etag: '"a"',
      'content-length': '4',
      'content-encoding': 'gzip',
      'x-old': '1',
    };
    const notModified = {
      date: AFTER,
      'cache-control': 'max-age=60',
      'content-length': '0',
      'content-encoding': 'br',
    };
    expect(freshenedHeaders(stored, notModified, START_MS)).toEqual({
      ...stored,
      date: AFTER,
      'cache-control': 'max-age=60',
    });
  });
});

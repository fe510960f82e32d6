/** Who may talk to the lab, and who not. */
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../../src/scenarios/live/guard.js';

const TOKEN = 'a-token-of-some-length';
const HOST = '127.0.0.1:8088';

interface Asked {
  readonly method?: string;
  readonly token?: string | null;
  readonly isPage?: boolean;
  readonly headers?: Record<string, string>;
}

const ask = ({ method = 'GET', token = null, isPage = false, headers = {} }: Asked) =>
  refusalOf({ method, headers: { host: HOST, ...headers } }, token, isPage)?.status ?? null;

const JSON_TYPE = { 'content-type': 'application/json' };

describe('the guard of the lab', () => {
  it.each<[string, Asked, number | null]>([
    ['a program on this machine', {}, null],
    ['the name of this machine', { headers: { host: 'localhost:8088' } }, null],
    ['IPv6', { headers: { host: '[::1]:8088' } }, null],
    ['a name of somebody’s that leads here', { headers: { host: 'evil.example:8088' } }, 403],
    ['no name', { headers: { host: '' } }, 403],
    ['its own page', { headers: { origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' } }, null],
    ['a page of another site', { headers: { origin: 'https://evil.example' } }, 403],
    ['a page without an origin', { headers: { origin: 'null' } }, 403],
    ['a page of another port here', { headers: { origin: 'http://127.0.0.1:9000' } }, 403],
    ['an image of another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    [
      'a link of another site to the page',
      { isPage: true, headers: { 'sec-fetch-site': 'cross-site' } },
      null,
    ],
    ['an order', { method: 'POST', headers: JSON_TYPE }, null],
    [
      'an order with a charset',
      { method: 'PUT', headers: { 'content-type': 'application/json; charset=utf-8' } },
      null,
    ],
    ['a form', { method: 'POST', headers: { 'content-type': 'text/plain' } }, 415],
    [
      'a form that says it is like JSON',
      { method: 'POST', headers: { 'content-type': 'application/jsonp' } },
      415,
    ],
    ['an order without a type', { method: 'POST' }, 415],
    ['a deletion, for which a browser asks before', { method: 'DELETE' }, null],
    ['nobody known, where there is a token', { token: TOKEN }, 401],
    ['the token', { token: TOKEN, headers: { authorization: `Bearer ${TOKEN}` } }, null],
    [
      'the token, by any name',
      { token: TOKEN, headers: { host: 'lab.example', authorization: `Bearer ${TOKEN}` } },
      null,
    ],
    ['the token in a cookie', { token: TOKEN, headers: { cookie: `a=b; badgateway-token=${TOKEN}` } }, null],
    ['another token', { token: TOKEN, headers: { authorization: `Bearer ${TOKEN}x` } }, 401],
    ['a cookie that is none', { token: TOKEN, headers: { cookie: 'badgateway-token=%E0%A4%A' } }, 401],
    [
      'the token in a page of another site',
      { token: TOKEN, headers: { cookie: `badgateway-token=${TOKEN}`, origin: 'https://evil.example' } },
      403,
    ],
  ])('%s', (_who, asked, status) => {
    expect(ask(asked)).toBe(status);
  });
});

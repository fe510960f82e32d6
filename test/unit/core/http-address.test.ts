/** Addresses of servers as people write them: what is read of each, and what is said of one that is none. */
import { describe, expect, it } from 'vitest';
import { hostAndPort, isLoopbackHost, parseHttpAddress } from '../../../src/core/http-address.js';

describe('an address', () => {
  it.each([
    ['http://127.0.0.1:3000', { scheme: 'http', host: '127.0.0.1', port: 3000 }],
    ['http://127.0.0.1:3000/', { scheme: 'http', host: '127.0.0.1', port: 3000 }],
    ['HTTPS://api.internal:8443', { scheme: 'https', host: 'api.internal', port: 8443 }],
    ['http://api.internal', { scheme: 'http', host: 'api.internal', port: 80 }],
    ['https://api.internal', { scheme: 'https', host: 'api.internal', port: 443 }],
    ['localhost:3000', { scheme: null, host: 'localhost', port: 3000 }],
    ['[::1]:3000', { scheme: null, host: '::1', port: 3000 }],
    ['http://[::1]', { scheme: 'http', host: '::1', port: 80 }],
  ])('%s', (text, address) => {
    expect(parseHttpAddress(text)).toEqual(address);
  });

  it.each([
    ['ftp://127.0.0.1:21', 'the gateway speaks http to upstreams, not ftp'],
    ['unix:///run/api.sock', 'not unix'],
    ['127.0.0.1', 'it has no port'],
    ['3000', 'it has no port'],
    ['', 'it has no port'],
    ['http://', 'it is no address'],
    ['http://127.0.0.1:99999', 'it is no address'],
    ['http://me:secret@127.0.0.1:3000', 'it may not hold a user or a password'],
    ['http://127.0.0.1:3000/api', 'an upstream has no path of its own'],
    ['http://127.0.0.1:3000?a=1', 'an upstream has no path of its own'],
    ['127.0.0.1:0', 'nothing listens on port 0'],
  ])('is none: "%s"', (text, message) => {
    expect(() => parseHttpAddress(text)).toThrow(message);
  });

  it.each([
    ['127.0.0.1', 80, '127.0.0.1:80'],
    ['::1', 80, '[::1]:80'],
  ])('of %s is written so that it is read again', (host, port, text) => {
    expect(hostAndPort({ host, port })).toBe(text);
    expect(parseHttpAddress(text)).toMatchObject({ host, port });
  });

  it.each([
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::1', true],
    ['localhost', true],
    ['10.0.0.1', false],
    ['localhost.example', false],
    ['127.0.0.1.example', false],
  ])('of %s is on this machine: %s', (host, is) => {
    expect(isLoopbackHost(host)).toBe(is);
  });
});

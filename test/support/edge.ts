/** Clients on bare connections, and certificates for a gateway that they reach over TLS. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { type ClientHttp2Session, type ClientSessionOptions, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { GatewaySection } from '../../src/gateway/config.js';

export const FIXTURES = new URL('../fixtures/', import.meta.url).pathname;

/** Everything that comes back on a bare connection until it ends. */
export const speak = (port: number, text: string, end = false): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      if (end) socket.end(text, 'latin1');
      else socket.write(text, 'latin1');
    });
    let answer = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    onTestFinished(() => void socket.destroy());
  });

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

export const certificateFolder = (): { folder: string; use: (name: string) => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const use = (name: string): void => {
    copyFileSync(join(FIXTURES, `${name}.cert.pem`), join(folder, 'cert.pem'));
    copyFileSync(join(FIXTURES, `${name}.key.pem`), join(folder, 'key.pem'));
  };
  return { folder, use };
};

export const tlsSection = (folder: string, listener: GatewaySection['listener'] = {}) => ({
  healthCheck: 'off' as const,
  listener: {
    ...listener,
    tls: { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), reload: '20ms' },
  },
});

/** A session of HTTP/2 with a gateway behind one of our certificates. */
export const openSession = (port: number, options: ClientSessionOptions = {}): ClientHttp2Session => {
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    ...options,
  } as never);
  session.on('error', () => {});
  onTestFinished(() => void session.destroy());
  return session;
};

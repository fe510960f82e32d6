/** nginx and HAProxy as peers: one process of each, with a config as small as it can be and connections kept. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, type Reaper, type Target } from 'badgateway';

const STOP_GRACE_MS = 2_000;
const START_TRIES = 100;
const TRY_INTERVAL_MS = 50;

interface NativeProxy {
  readonly name: string;
  readonly binaries: readonly string[];
  config(port: number, upstream: URL, folder: string): string;
  args(configFile: string, folder: string): string[];
}

const nginx: NativeProxy = {
  name: 'nginx',
  binaries: ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'],
  config: (port, upstream, folder) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_body_buffer_size 128k;
  proxy_buffers 32 8k;
  upstream origin { server ${upstream.host}; keepalive 1024; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_request_buffering off;
    }
  }
}
`,
  args: (configFile, folder) => ['-p', folder, '-e', `${folder}/error.log`, '-c', configFile],
};

const haproxy: NativeProxy = {
  name: 'HAProxy',
  binaries: [
    '/usr/sbin/haproxy',
    '/usr/local/sbin/haproxy',
    '/usr/local/bin/haproxy',
    '/opt/homebrew/bin/haproxy',
  ],
  config: (port, upstream) => `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  option forwardfor
  http-reuse always
frontend front
  bind 127.0.0.1:${port} backlog 4096
  default_backend origin
backend origin
  server origin ${upstream.host}
`,
  args: (configFile) => ['-db', '-f', configFile],
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

const waitUntilAccepting = async (port: number, program: Program): Promise<void> => {
  let ended = false;
  void program.exited.then(() => {
    ended = true;
  });
  for (let tries = 0; tries < START_TRIES && !ended; tries++) {
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, TRY_INTERVAL_MS));
  }
  throw new Error(`${program.name} does not accept connections:\n${program.stderr}`);
};

const toTarget = (
  proxy: NativeProxy,
  binary: string,
  { upstream, launcher, reaper }: NativeOptions,
): Target => ({
  name: proxy.name,
  start: async () => {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'badgateway-bench-'));
    for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, name));
    const file = join(folder, 'proxy.conf');
    writeFileSync(file, proxy.config(port, new URL(upstream), folder));
    const [command, ...args] = [...launcher, binary, ...proxy.args(file, folder)];
    const program = new Program({ name: proxy.name, command: command!, args, reaper });
    const stop = async (): Promise<void> => {
      await program.stop(STOP_GRACE_MS);
      rmSync(folder, { recursive: true, force: true });
    };
    try {
      await waitUntilAccepting(port, program);
    } catch (error) {
      await stop();
      throw error;
    }
    // Compiled ahead of time: there is nothing to warm up.
    return { origin: `http://127.0.0.1:${port}`, isNew: false, stop };
  },
});

export interface NativeOptions {
  readonly upstream: string;
  /** Set before the program, such as `taskset -c 1`. */
  readonly launcher: readonly string[];
  readonly reaper: Reaper;
}

export interface NativeTargets {
  readonly targets: Target[];
  /** Proxies that are not installed here. */
  readonly missing: string[];
}

export const nativeTargets = (options: NativeOptions): NativeTargets => {
  const targets: Target[] = [];
  const missing: string[] = [];
  for (const proxy of [nginx, haproxy]) {
    const binary = proxy.binaries.find((path) => existsSync(path));
    if (binary === undefined) missing.push(proxy.name);
    else targets.push(toTarget(proxy, binary, options));
  }
  return { targets, missing };
};

/**
 * The proxies of one run: each place in the front has a folder of its own, in which one that was killed and comes back
 * goes on with the same logs. What they logged is read when the run is over, and then the folders are removed.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import type { Reaper } from '../../core/reaper.js';
import type { SpawnGateway } from '../front/front.js';
import type { ProxyProgram } from './choice.js';
import type { OwnConfig } from './own-config.js';
import { ProxyGateway } from './proxy-gateway.js';
import type { Evidence } from './target.js';

/** A program that is just ending may write once more into what is being removed; waits 100 ms longer each time. */
const REMOVE_RETRIES = 3;

export interface ProxyHostOptions {
  readonly program: ProxyProgram;
  readonly own: OwnConfig | null;
  readonly reaper: Reaper;
  readonly clock: Clock;
}

export class ProxyHost {
  readonly #options: ProxyHostOptions;
  /** Short: the path of a socket in it may have no more than 107 characters. */
  readonly #folder: string;
  readonly #places = new Set<string>();
  /** One did not start, or ended by itself: somebody will want to look at its files. */
  #hasFailed = false;

  constructor(options: ProxyHostOptions) {
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), `badgateway-${options.program.proxy.name}-`));
    options.reaper.watchFolder(this.#folder);
  }

  readonly spawn: SpawnGateway = (place, options) => {
    const folder = join(this.#folder, place);
    mkdirSync(folder, { recursive: true });
    this.#places.add(folder);
    const gateway = new ProxyGateway({ ...this.#options, ...options, folder });
    const note = (): void => {
      this.#hasFailed = true;
    };
    gateway.ready.catch(note);
    gateway.failed.then(note);
    return gateway;
  };

  /** What the proxies say of these requests. */
  readEvidence(rayIds: ReadonlySet<string>): Evidence[] {
    if (rayIds.size === 0) return [];
    const { proxy } = this.#options.program;
    return [...this.#places].flatMap((folder) =>
      proxy.readEvidence((name) => {
        const file = join(folder, name);
        return existsSync(file) ? readFileSync(file, 'utf8') : '';
      }, rayIds),
    );
  }

  close(): void {
    // What cannot be removed yet is left to the reaper.
    if (!this.#hasFailed) rmSync(this.#folder, { recursive: true, force: true, maxRetries: REMOVE_RETRIES });
    this.#options.reaper.forgetFolder(this.#folder);
  }
}

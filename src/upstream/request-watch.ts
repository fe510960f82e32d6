/**
 * A worker's side of quarantine: it tells of each request before anything is done with it, and when it is over, so that
 * whoever outlives the worker knows what it had in hand when it died; and it refuses those that are quarantined.
 *
 * A message is in the kernel's hands when `send` returns, so one that kills at once has been told of.
 */
import type { Visit } from './faults/fault.js';
import { FINGERPRINT_HEADER, fingerprintOf } from './fingerprint.js';
import type { FromWorker, WorkerArgument } from './messages.js';
import { sendJson } from './send-json.js';

export class RequestWatch {
  readonly #worker: string;
  readonly #tells: boolean;
  readonly #send: (message: FromWorker) => void;
  #quarantined: ReadonlySet<string>;

  constructor(
    { id, tellsRequests, quarantined }: Pick<WorkerArgument, 'id' | 'tellsRequests' | 'quarantined'>,
    send: (message: FromWorker) => void,
  ) {
    this.#worker = id;
    this.#tells = tellsRequests;
    this.#send = send;
    this.#quarantined = new Set(quarantined);
  }

  quarantine(fingerprints: readonly string[]): void {
    this.#quarantined = new Set(fingerprints);
  }

  /** Whether it has been answered with a refusal; otherwise it is told of. One without a fingerprint passes unseen. */
  refuses({ request, response }: Visit): boolean {
    const fingerprint = fingerprintOf(request);
    if (fingerprint === '') return false;
    if (this.#quarantined.has(fingerprint)) {
      const detail = `requests with this ${FINGERPRINT_HEADER} are in quarantine: workers that served them died`;
      sendJson(response, 503, { worker: this.#worker, quarantined: fingerprint, detail });
      request.resume();
      return true;
    }
    if (this.#tells) {
      this.#send({ type: 'began', fingerprint });
      response.on('close', () => {
        this.#send({ type: 'ended', fingerprint, answered: response.writableFinished });
      });
    }
    return false;
  }
}

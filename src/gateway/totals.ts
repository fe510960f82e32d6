/**
 * Several processes as one: sums what they report. What was counted stays counted when a process dies; what it had in
 * hand goes with it.
 */
import type { Outcome } from '../policies/outcome.js';
import type { UpstreamView } from './admin.js';
import type { ProcessStatus, UpstreamStatus } from './messages.js';
import type { Tallies } from './metrics/tallies.js';
import type { ProcessReading, UpstreamReading } from './metrics.js';
import type { MemoryUse } from './process-use.js';
import type { Upstream } from './upstream-pool.js';

export interface MemoryView extends MemoryUse {
  readonly primary: MemoryUse & { readonly pid: number };
  readonly processes: readonly (MemoryUse & { readonly number: number; readonly pid: number })[];
}

const OUTCOMES: readonly Outcome[] = ['success', 'failure', 'ignored'];

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export class Totals {
  readonly #latest = new Map<number, ProcessStatus>();
  readonly #counts = new Map<string, Record<Outcome, number>>();
  readonly #tallies: Pick<Tallies, 'absorb'>;

  /** @param tallies get what was added since the report before. */
  constructor(tallies: Pick<Tallies, 'absorb'>) {
    this.#tallies = tallies;
  }

  /** @param number of the process. */
  absorb(number: number, status: ProcessStatus): void {
    const before = this.#latest.get(number);
    this.#latest.set(number, status);
    this.#tallies.absorb(status.tally, before?.tally);
    for (const { id, counts } of status.upstreams) {
      const total = this.#countsOf(id);
      const earlier = before?.upstreams.find((upstream) => upstream.id === id)?.counts;
      for (const outcome of OUTCOMES) total[outcome] += counts[outcome] - (earlier?.[outcome] ?? 0);
    }
  }

  /** It is gone: its successor counts from 0. */
  forget(number: number): void {
    this.#latest.delete(number);
  }

  /** Responses removed by command from the caches of those that run. */
  get purged(): number {
    return sum([...this.#latest.values()].map(({ purged }) => purged));
  }

  /** Those that run. */
  processes(): ProcessReading[] {
    return [...this.#latest.values()];
  }

  readings(upstreams: readonly Upstream[]): UpstreamReading[] {
    return upstreams.map(({ id, healthy, weight }) => {
      const all = this.#statusesOf(id).map(([, status]) => status);
      const limits = all.flatMap(({ limit }) => limit ?? []);
      return {
        id,
        healthy,
        weight,
        ejections: all.filter(({ ejected }) => ejected).length,
        limit: limits.length === 0 ? null : sum(limits),
        inFlight: sum(all.map(({ inFlight }) => inFlight)),
        queued: sum(all.map(({ queued }) => queued)),
        circuitsOpen: all.filter(({ admits }) => !admits).length,
        counts: this.#countsOf(id),
      };
    });
  }

  views(upstreams: readonly Upstream[]): UpstreamView[] {
    const readings = this.readings(upstreams);
    return upstreams.map(({ id, host, port, healthy, weight, priority, drained }, index) => {
      const circuits = this.#statusesOf(id).map(([number, { circuit }]) => [number, circuit] as const);
      const first = circuits[0]?.[1] ?? null;
      const alike = circuits.every(([, circuit]) => circuit === first);
      const { inFlight, queued, ejections, limit } = readings[index]!;
      return {
        id,
        address: `${host}:${port}`,
        weight,
        priority,
        healthy,
        ejected: ejections > 0,
        drained,
        inFlight,
        queued,
        limit,
        circuit: alike ? first : Object.fromEntries(circuits),
        counts: { ...this.#countsOf(id) },
      };
    });
  }

  /** @param primary of the process that asks. */
  memory(primary: MemoryView['primary']): MemoryView {
    const processes = this.#inOrder().map(([number, { pid, memory }]) => ({ number, pid, ...memory }));
    const all = [primary, ...processes];
    return {
      heapBytes: sum(all.map(({ heapBytes }) => heapBytes)),
      externalBytes: sum(all.map(({ externalBytes }) => externalBytes)),
      residentBytes: sum(all.map(({ residentBytes }) => residentBytes)),
      primary,
      processes,
    };
  }

  #inOrder(): [number, ProcessStatus][] {
    return [...this.#latest].sort(([left], [right]) => left - right);
  }

  #statusesOf(id: string): [number, UpstreamStatus][] {
    return this.#inOrder().flatMap(([number, { upstreams }]) =>
      upstreams
        .filter((upstream) => upstream.id === id)
        .map((upstream): [number, UpstreamStatus] => [number, upstream]),
    );
  }

  #countsOf(id: string): Record<Outcome, number> {
    let counts = this.#counts.get(id);
    if (counts === undefined) {
      counts = { success: 0, failure: 0, ignored: 0 };
      this.#counts.set(id, counts);
    }
    return counts;
  }
}

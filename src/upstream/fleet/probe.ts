/**
 * Probes as Kubernetes has them: a worker is asked at an interval; so many failures in a row turn it, and one good
 * answer turns it back.
 */
import { HealthState } from '../../core/health.js';
import { Count, Duration, OneOf, Optional, Section, type Static } from '../../core/schema.js';
import { parseDurationMsOr } from '../../core/units.js';

const times = {
  interval: Optional(Duration('From one probe to the next; default 1s.')),
  timeout: Optional(Duration('How long an answer may take; default 1s.')),
  failures: Optional(Count(1, 'So many in a row are too many; default 3.')),
};

export const LivenessSchema = Section(
  {
    type: Optional(
      OneOf(
        ['http', 'deep'],
        'http (default): whether the process answers at all; deep: an answer by way of its queue, as a request gets one. deep finds a deadlock and a hang, and takes a worker with a long queue for dead.',
      ),
    ),
    ...times,
  },
  'A worker that fails these probes is killed, and comes back.',
);

export const ReadinessSchema = Section(
  times,
  'A worker that fails these probes, at /readyz, or is down, is drained at the gateway until it is ready.',
);

export interface ProbeConfig {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly failures: number;
}

/** Kubernetes' defaults; its period of 10 s is compressed tenfold, as a scenario's clock is. */
const resolveProbe = (section: Static<typeof ReadinessSchema>, path: string): ProbeConfig => ({
  path,
  intervalMs: parseDurationMsOr(section.interval, 1_000),
  timeoutMs: parseDurationMsOr(section.timeout, 1_000),
  failures: section.failures ?? 3,
});

export const resolveLiveness = (section: Static<typeof LivenessSchema>): ProbeConfig =>
  resolveProbe(section, section.type === 'deep' ? '/healthz/deep' : '/healthz');

export const resolveReadiness = (section: Static<typeof ReadinessSchema>): ProbeConfig =>
  resolveProbe(section, '/readyz');

/** One good answer is enough, as Kubernetes' `successThreshold` is 1. @param good what counts until probes turn it. */
export const probeState = ({ failures }: ProbeConfig, good: boolean): HealthState =>
  new HealthState({ rise: 1, fall: failures }, good);

/**
 * The result of a run: one versioned document. The table, the story and every other output are drawn from it and from
 * nothing else. `badgateway schema result` prints the schema.
 */
import { OneOf, Optional, Section, type Static, Type } from '../core/schema.js';
import { ThresholdResultSchema } from '../core/thresholds.js';
import { ENGINES } from './engines.js';
import { IncidentResultSchema } from './incident/incident-schema.js';
import { RULE_NAMES } from './monitoring/rules.js';
import { ReplicationsSchema } from './replications/schema.js';

const Numbers = (description: string) => Type.Record(Type.String(), Type.Number(), { description });
const NumberOrNull = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });

const Latency = Section(
  { p50: Type.Number(), p95: Type.Number(), p99: Type.Number(), max: Type.Number() },
  'Milliseconds from the intended send, of requests that were answered.',
);

const VERDICTS = ['pass', 'fail', 'inconclusive', 'invalid', 'skipped'] as const;
export type Verdict = (typeof VERDICTS)[number];

const VerdictSchema = Type.Unsafe<Verdict>({
  type: 'string',
  enum: [...VERDICTS],
  description:
    'inconclusive: the machine spoiled the run; invalid: it was bad before anything happened; skipped: the target can be none of the variants.',
});

const RequestsProperties = {
  requests: Type.Number({ description: 'Requests that were meant to be sent in this window.' }),
  availability: NumberOrNull('Share of them with a good answer; null when there were none.'),
  goodputRps: Type.Number(),
  amplification: NumberOrNull('Tries sent, per request.'),
  degraded: Optional(
    Type.Number({
      description: 'Share of the good answers that a fallback had a part in; left out when none had.',
    }),
  ),
  status: Numbers('Requests by the status of their last answer; `none`: no answer.'),
  cause: Numbers('Failed requests by cause.'),
  latencyMs: Latency,
};

const RequestsResultSchema = Section(RequestsProperties, 'What a part of the clients got.');
export type RequestsResult = Static<typeof RequestsResultSchema>;

const WindowResultSchema = Section(
  {
    fromMs: Type.Number(),
    toMs: Type.Number(),
    ...RequestsProperties,
    wasted: NumberOrNull('Share of the requests workers worked on to the end whose sender had left.'),
    classes: Optional(
      Type.Record(Type.String(), RequestsResultSchema, {
        description: 'By class of clients; left out where the scenario names none.',
      }),
    ),
    groups: Optional(
      Type.Record(Type.String(), RequestsResultSchema, {
        description: 'By tier, by route, and by both, such as `tier=premium` and `route=/api,tier=free`.',
      }),
    ),
  },
  'What clients got in one window of time.',
);
export type WindowResult = Static<typeof WindowResultSchema>;

const SeriesPointSchema = Section(
  {
    t: Type.Number({ description: 'Start of the bucket, seconds from the start of the load.' }),
    offered: Type.Number({ description: 'Requests that were meant to be sent in the bucket.' }),
    ok: Type.Number({ description: 'Of these, good answers.' }),
    tries: Optional(
      Type.Number({
        description: 'Tries that clients sent for these, whenever; left out in results of old.',
      }),
    ),
    status: Numbers('Of these, by last status.'),
    latencyMs: Latency,
    workers: Type.Array(
      Section(
        {
          worker: Type.String(),
          heapBytes: NumberOrNull('Most heap in use within the bucket; null when the worker was down.'),
          busy: Type.Number(),
          queued: Type.Number(),
        },
        'One worker.',
      ),
    ),
  },
  'One bucket of the run.',
);
export type SeriesPoint = Static<typeof SeriesPointSchema>;

const FURTHER_ATTEMPTS = ['retried', 'refused', 'hedged', 'hedge-won', 'hedge-refused'] as const;

const AttemptSchema = Section(
  {
    startMs: Type.Number(),
    endMs: Type.Number(),
    status: Type.Number(),
    cause: Type.String(),
    rayId: Type.String(),
    upstreams: Type.Array(
      Section(
        {
          upstream: Type.String(),
          cause: Type.String({ description: 'upstream_response: it answered, with an error of its own.' }),
          afterMs: Type.Number({ description: 'From the beginning of the attempt.' }),
          endMs: Optional(Type.Number({ description: 'When it failed; left out in results of old.' })),
          status: Optional(Type.Number({ description: 'Of its own answer.' })),
        },
        'An attempt of the gateway that failed.',
      ),
    ),
    retries: Optional(
      Type.Array(
        Section(
          {
            atMs: Type.Number(),
            what: OneOf(
              FURTHER_ATTEMPTS,
              'retried: sent again, after a wait; hedged: sent to another while the first goes on; hedge-won: that one answered first; refused, hedge-refused: due, and not sent.',
            ),
            attempt: Optional(Type.Number({ description: 'Of one that is retried: 2 for the first retry.' })),
            waitMs: Optional(Type.Number({ description: 'Before it is retried; until it was hedged.' })),
            reason: Optional(
              Type.String({
                description: 'Why not: `budget`, `deadline`, `retry-after`, `not-repeatable` or `attempts`.',
              }),
            ),
            detail: Optional(Type.String({ description: 'On which numbers.' })),
          },
          'A decision on another attempt.',
        ),
        {
          description:
            'What the gateway decided on further attempts of its own, in order; left out where it decided nothing, and in results of old.',
        },
      ),
    ),
    decision: Optional(
      Type.String({
        description: 'What a policy of the gateway decided, on which numbers, where the error was its own.',
      }),
    ),
    evidence: Optional(
      Section(
        {
          text: Type.String({ description: 'What its log says, in words.' }),
          line: Type.String({ description: 'The line of its log.' }),
        },
        'What a proxy in the gateway’s place says of it.',
      ),
    ),
  },
  'One try of a client.',
);

const RequestSchema = Section(
  {
    rayId: Type.String({ description: 'Of the last try of which it is known; empty: of none.' }),
    arrivalMs: Type.Number(),
    endMs: Type.Number(),
    status: Type.Number(),
    cause: Type.String(),
    attempts: Type.Array(AttemptSchema),
  },
  'One failed request, whole.',
);
export type SampledRequest = Static<typeof RequestSchema>;
export type SampledAttempt = SampledRequest['attempts'][number];

const PopulationSchema = Section(
  {
    users: Type.Number(),
    usersLost: Type.Number({ description: 'Users who gave up for good.' }),
    sessions: Type.Number({ description: 'Sessions of which at least one request was sent.' }),
    sessionsFailed: Type.Number({ description: 'Of these, with at least one failed request.' }),
  },
  'Users of a population.',
);
export type PopulationResult = Static<typeof PopulationSchema>;

const FloodSchema = Section(
  {
    t: Type.Number({ description: 'When it began, seconds from the start of the load.' }),
    path: Type.String(),
    identities: Type.Number(),
    sent: Type.Number(),
    skipped: Type.Number({ description: 'Due and not sent, for one of the flood’s limits.' }),
    ok: Type.Number({ description: 'Good answers.' }),
    status: Numbers('Answers by status; `none`: the connection was refused or broken.'),
  },
  'A hostile flood; its requests are counted nowhere else.',
);
export type FloodResult = Static<typeof FloodSchema>;

const VariantResultSchema = Section(
  {
    name: Type.String(),
    target: Optional(
      Type.String({ description: 'What stood in the gateway’s place; left out: the built-in gateway.' }),
    ),
    losses: Optional(
      Type.Array(
        Section(
          {
            path: Type.String({ description: 'Where it is in the gateway’s section, or in the timeline.' }),
            text: Type.String(),
            degree: OneOf(
              ['missing', 'otherwise'],
              'missing: nothing like it is there; otherwise: it is done in another way.',
            ),
          },
          'Something that the scenario asks of its gateway and the target cannot do, or does otherwise.',
        ),
        { description: 'Left out where there are none.' },
      ),
    ),
    verdict: VerdictSchema,
    reasons: Type.Array(Type.String(), { description: 'Why the verdict is not pass.' }),
    durationMs: Type.Number(),
    partial: Type.Boolean({ description: 'The run was interrupted.' }),
    windows: Type.Record(Type.String(), WindowResultSchema),
    classes: Optional(
      Type.Record(
        Type.String(),
        Section(
          { share: Type.Number(), tier: Type.String(), route: Type.String() },
          'One class; `route` is the gateway’s that takes its requests, or their path.',
        ),
        { description: 'Classes of clients; left out where the scenario names none.' },
      ),
    ),
    population: Optional(
      Type.Record(Type.String(), PopulationSchema, {
        description:
          'Users by class, under an empty name where there are no classes; left out without users.',
      }),
    ),
    floods: Optional(Type.Array(FloodSchema, { description: 'Left out where there were none.' })),
    recoveryMs: NumberOrNull('From the end of the window `outage` until service was good for 3 s.'),
    recoveredMs: NumberOrNull('When service was first good for 3 s after it had failed.'),
    upstreams: Optional(
      Type.Array(
        Section(
          { worker: Type.String(), address: Type.String({ description: 'HOST:PORT.' }) },
          'One upstream.',
        ),
        {
          description:
            'Upstreams of the user’s own in the places of workers; left out where badgateway starts workers. Of them no heap, queue or death is known.',
        },
      ),
    ),
    heapLimitBytes: Optional(
      Type.Number({ description: "A worker's heap limit; left out where there are no workers." }),
    ),
    crashes: Type.Number(),
    workersLost: Type.Number({ description: 'Workers that died at least once.' }),
    workerSeconds: Type.Number({
      description: 'How long worker processes ran during the load, all together.',
    }),
    firstStatusMs: Numbers('When a client first got each status.'),
    bucketMs: Type.Number({ description: 'Length of a bucket of the series.' }),
    series: Type.Array(SeriesPointSchema),
    events: Type.Array(
      Type.Object(
        { t: Type.Number({ description: 'Seconds from the start of the load.' }), type: Type.String() },
        { additionalProperties: true, description: 'What happened; further fields by type.' },
      ),
    ),
    requests: Type.Array(RequestSchema, { description: 'A sample of failed requests, spread over the run.' }),
    thresholds: Type.Array(ThresholdResultSchema),
    skippedThresholds: Type.Array(
      Section(
        { expression: Type.String(), reason: Type.String({ description: 'Why it was not checked.' }) },
        'A threshold that was not checked.',
      ),
      { description: 'Such as of a variant that was not run, or that the target cannot be.' },
    ),
    alerts: Type.Array(
      Section(
        {
          rule: OneOf(RULE_NAMES, 'docs/incidents.md says what each looks at.'),
          raisedMs: Type.Number({ description: 'Milliseconds of the run.' }),
          clearedMs: NumberOrNull('When its rule fell silent; null: it was on at the end.'),
          reason: Type.String({ description: 'What the rule saw when it was raised.' }),
        },
        'One alert.',
      ),
      { description: 'In the order in which they were raised.' },
    ),
    incident: Type.Union([IncidentResultSchema, Type.Null()], {
      description: 'null: users were not hurt.',
    }),
    downtime: Section(
      {
        costPerMinute: Type.Number({ description: 'US dollars that an outage for everybody costs.' }),
        minuteMs: Type.Number({ description: 'What a minute of the incident is in this run.' }),
        clock: Type.Union([
          Section(
            {
              atMs: Type.Number({ description: 'A moment of the run…' }),
              minuteOfDay: Type.Number({ description: '…and the minute of the day that it stands for.' }),
            },
            'The time of day of the incident.',
          ),
          Type.Null({ description: 'It has none.' }),
        ]),
      },
      'What failed requests are reckoned at, and by which clock.',
    ),
    machine: Type.Union([
      Section(
        {
          lateSends: NumberOrNull('Largest share, over the windows, of sends later than the limit.'),
          starvedSamples: Optional(
            NumberOrNull(
              'Largest share, over the windows, of probe samples delayed beyond the limit; left out where there are no workers to starve.',
            ),
          ),
          gatewayStallMs: Type.Number({ description: 'Longest stall of the gateway’s event loop.' }),
        },
        'Whether the machine kept up.',
      ),
      Type.Null({ description: 'In virtual time the machine makes no difference.' }),
    ]),
  },
  'One variant of the scenario.',
);
export type VariantResult = Static<typeof VariantResultSchema>;

export const ResultSchema = Section(
  {
    version: Type.Literal(1),
    engine: OneOf(ENGINES, 'real: processes and sockets; virtual: their models, in virtual time.'),
    target: Type.String({
      description:
        'What stood in the gateway’s place; several with a comma between them, and each variant says its own.',
    }),
    seed: Type.Number(),
    verdict: VerdictSchema,
    startedAt: Type.String({ description: 'ISO 8601.' }),
    scenario: Section(
      {
        name: Type.String(),
        title: Type.String(),
        story: Type.String(),
        reproduces: Type.Array(Type.String()),
      },
      'The scenario that was run.',
    ),
    host: Section(
      {
        node: Type.String(),
        platform: Type.String(),
        cpus: Type.Number(),
        dependencies: Type.Record(Type.String(), Type.String()),
        proxies: Optional(
          Type.Record(Type.String(), Type.String(), {
            description: 'Versions of proxies that stood in the gateway’s place.',
          }),
        ),
      },
      'Where it was run.',
    ),
    variants: Type.Array(VariantResultSchema),
    skippedVariants: Optional(
      Type.Array(
        Section(
          {
            name: Type.String(),
            target: Type.String(),
            reasons: Type.Array(Type.String(), {
              description: 'What the target lacks for it, or that it is not here.',
            }),
            thresholds: Type.Array(Type.String(), { description: 'None of them was checked.' }),
          },
          'A variant that its target cannot be, or whose target is not installed.',
        ),
        { description: 'Not run; left out where there are none.' },
      ),
    ),
    replications: Optional(ReplicationsSchema),
  },
  'Result of a badgateway run.',
);
export type Result = Static<typeof ResultSchema>;

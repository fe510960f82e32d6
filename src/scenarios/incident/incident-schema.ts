/** The incident of a run, as it stands in its result. */
import { OneOf, Section, type Static, Type } from '../../core/schema.js';
import { RULE_NAMES } from '../monitoring/rules.js';
import { INCIDENT_STATES } from './status.js';

const MsOrNull = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });

const SuspectSchema = Section(
  {
    atMs: Type.Number({ description: 'When it was made, milliseconds of the run.' }),
    what: Type.String(),
    fit: Type.Number({ description: 'How well the workers that it reached fit those in trouble, 0 to 1.' }),
    score: Type.Number({ description: 'The same, halved for each 5 s before the onset.' }),
    isCause: Type.Boolean({ description: 'The scenario says that it was the cause.' }),
  },
  'A change before the onset.',
);

export const IncidentResultSchema = Section(
  {
    onsetMs: Type.Number({ description: 'When the first failure could be seen, milliseconds of the run.' }),
    detectedMs: MsOrNull(
      'When the first alert was raised; it may be before the onset. null: none was before it was known to be over.',
    ),
    detectedBy: Type.Union([OneOf(RULE_NAMES, 'The rule that raised it.'), Type.Null()]),
    cause: Type.Union([Type.String(), Type.Null()], {
      description: 'The change that caused it; null where the scenario names none.',
    }),
    identifiedMs: MsOrNull('When the cause was first suspected most; null: never, or there is no cause.'),
    mitigatedMs: MsOrNull('When service was good for most again; null: never.'),
    recoveredMs: MsOrNull('When service was good again; null: never.'),
    again: Type.Array(
      Section(
        {
          onsetMs: Type.Number({ description: 'When the first failure of it could be seen.' }),
          mitigatedMs: MsOrNull('When service was good for most again; null: never.'),
          recoveredMs: MsOrNull('When service was good again; null: never.'),
        },
        'One time more.',
      ),
      {
        description: 'Every later time that users were hurt, after service had been good for 3 s; in order.',
      },
    ),
    timeline: Type.Array(
      Section(
        {
          state: OneOf(INCIDENT_STATES, 'As status pages have them.'),
          measuredMs: MsOrNull('When it was reached by what was measured; null: it was not.'),
          publishedMs: MsOrNull('When a status page said so; null: the scenario knows of none.'),
        },
        'One state, by both clocks.',
      ),
      { description: 'In order of the measured clock.' },
    ),
    suspects: Type.Array(SuspectSchema, {
      description:
        'Changes before the onset, the most suspected first, by what was known when it was identified, or detected.',
    }),
  },
  'The first time in the run at which users were hurt: docs/incidents.md.',
);

export type IncidentResult = Static<typeof IncidentResultSchema>;

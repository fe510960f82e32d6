/** An entry of a timeline that is sent while a run goes on, to happen now: checked by the same functions as in a file. */
import { findTooLong } from '../../core/document/durations.js';
import { dotted } from '../../core/document/positions.js';
import { checkSchema } from '../../core/document/schema-problems.js';
import { isObject } from '../../core/json.js';
import {
  checkEntry,
  type EntryScope,
  resolveEntry,
  type TimelineEntry,
  TimelineEntrySchema,
  type TimelineEntrySection,
} from '../timeline/timeline.js';

const refusal = (detail: string): Error => Object.assign(new Error(detail), { statusCode: 422 });

/** Whether there is a cache to empty now, the gateway knows: a push may have brought one. */
const atThisMoment = (entry: TimelineEntrySection, scope: EntryScope): EntryScope =>
  entry['purge-cache'] === undefined
    ? scope
    : {
        ...scope,
        gateway: { cache: {}, ...scope.gateway },
        ...(scope.edge && { edge: { cache: {}, ...scope.edge } }),
      };

/**
 * @param wanted the action that it has to be; left out: any.
 * @throws an error with status 422, as Fastify wants it, that says all that is wrong.
 */
export const parseByHand = (
  sent: unknown,
  scope: EntryScope,
  wanted: 'inject' | 'heal' | null = null,
): TimelineEntry => {
  const example = `{ "${wanted ?? 'inject'}": "slow", "on": "worker-1" }`;
  if (!isObject(sent)) throw refusal(`expected an object such as ${example}`);
  if (sent.at !== undefined) throw refusal('at: it happens now; a moment belongs into a timeline');
  if (wanted !== null && sent[wanted] === undefined)
    throw refusal(`missing \`${wanted}\`, the name of a fault`);
  const entry = { at: '0s', ...sent } as TimelineEntrySection;
  const ofForm = checkSchema(entry, TimelineEntrySchema);
  const found = ofForm.length > 0 ? ofForm : findTooLong(TimelineEntrySchema, entry);
  if (found.length > 0)
    throw refusal(found.map(({ path, message }) => `${dotted(path)}: ${message}`).join('\n'));
  const ofSense = checkEntry(entry, atThisMoment(entry, scope)).map(({ key, path = [], message }) => {
    const place = dotted([...(key === '' ? [] : [key]), ...path]);
    return place === '' ? message : `${place}: ${message}`;
  });
  if (ofSense.length > 0) throw refusal(ofSense.join('\n'));
  return resolveEntry(entry, scope);
};

/** The process of one dependency, a database or a third party's API: its model, a listener, and the faults it is told. */
import { childArgument, parentLink } from '../../core/child.js';
import { wallClock } from '../../core/clock.js';
import { Random } from '../../core/random.js';
import type { Undo } from '../faults/fault.js';
import { listenOn } from '../listen.js';
import { openDatabase } from './database-server.js';
import { DEPENDENCY_FAULTS } from './faults/dependency-faults.js';
import type { DependencyArgument, DependencyKind, FromDependency, ToDependency } from './messages.js';
import { DependencyModel } from './model.js';
import { openThirdParty } from './third-party-server.js';

const OPEN = { database: openDatabase, 'third-party': openThirdParty } as const satisfies Record<
  DependencyKind,
  unknown
>;

const argument = childArgument<DependencyArgument>();
const link = parentLink<ToDependency, FromDependency>();
const model = new DependencyModel({
  connections: argument.connections ?? Number.POSITIVE_INFINITY,
  time: argument.time,
  abandoned: argument.abandoned,
  clock: wallClock,
  random: new Random(argument.seed),
});
/** Faults at work, by their number. */
const disturbed = new Map<number, Undo>();

link.onMessage((message) => {
  if (message.type === 'recover') {
    disturbed.get(message.id)?.();
    disturbed.delete(message.id);
    return;
  }
  const definition = DEPENDENCY_FAULTS[message.fault];
  // One that kills is done from outside.
  if ('begin' in definition) disturbed.set(message.id, definition.begin(model, message.options));
});

const { host, port } = argument;
void listenOn(OPEN[argument.kind](model), { host, port, clock: wallClock }).then(
  (found) => link.send({ type: 'ready', port: found }),
  ({ message }: Error) => link.send({ type: 'failed', message }),
);

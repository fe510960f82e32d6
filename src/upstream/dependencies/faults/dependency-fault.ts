/** Faults of dependencies: what each is, and what it can be given. Its parameters are those of worker faults. */
import type { Options, Parameters, Undo } from '../../faults/fault.js';
import type { DependencyKind } from '../messages.js';
import type { DependencySite } from '../model.js';

interface Definition<Takes extends Parameters> {
  /** What happens in the dependency. */
  readonly description: string;
  /** What a worker that calls it gets. */
  readonly workerSees: string;
  /** The real incidents it stands for. */
  readonly standsFor: string;
  readonly kinds: readonly DependencyKind[];
  readonly takes: Takes;
  /** Whether it goes on in a process that comes back, because its cause is not in the process. */
  readonly survivesRestart: boolean;
}

/** One that the dependency enacts. */
interface InDependency<Takes extends Parameters> extends Definition<Takes> {
  begin(site: DependencySite, options: Options<Takes>): Undo;
}

/** One that takes its process away and brings it back at the end. */
interface OnDependency<Takes extends Parameters> extends Definition<Takes> {
  readonly kills: true;
}

/** Some fault, whatever it takes. */
export type DependencyFault = Definition<Parameters> &
  (
    | { begin(site: DependencySite, options: Readonly<Record<string, unknown>>): Undo }
    | { readonly kills: true }
  );

/** Makes the options of `begin` what `takes` says. */
export const defineDependencyFault = <const Takes extends Parameters>(
  fault: InDependency<Takes> | OnDependency<Takes>,
): DependencyFault => fault as unknown as DependencyFault;

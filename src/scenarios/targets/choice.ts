/** What stands in the gateway's place in a run. */
import type { OwnConfig } from './own-config.js';
import type { ProxyKind, ProxyName } from './target.js';

/** A proxy that is installed here. */
export interface ProxyProgram {
  readonly proxy: ProxyKind;
  /** Of the program. */
  readonly path: string;
  /** As it says itself. */
  readonly version: string;
}

export type Target =
  /** The built-in gateway, as the scenario has it, or plain reply-from, or nobody. */
  | { readonly kind: 'gateway' | 'naive' | 'direct' }
  | {
      readonly kind: 'proxy';
      readonly program: ProxyProgram;
      /** The user's own config; `null`: the scenario's, translated. */
      readonly own: OwnConfig | null;
    }
  /** A gateway that runs already. */
  | {
      readonly kind: 'url';
      readonly origin: string;
      /** Ports at which it looks for the workers, in their order; what it finds there are links, where there are any. */
      readonly workersAt: readonly number[];
    };

/** A target that was asked for, and that is not here. */
export interface MissingTarget {
  readonly name: ProxyName;
  /** Why, and what to do about it. */
  readonly text: string;
}

export const BUILT_IN: Target = { kind: 'gateway' };

/** As `--target` has it. */
export const targetName = (target: Target): string => {
  if (target.kind === 'proxy') return target.program.proxy.name;
  return target.kind === 'url' ? target.origin : target.kind;
};

/** For people. */
export const targetTitle = (target: Target): string => {
  switch (target.kind) {
    case 'gateway':
      return 'the built-in gateway';
    case 'naive':
      return 'plain reply-from';
    case 'direct':
      return 'no gateway';
    case 'url':
      return `the gateway at ${target.origin}`;
    case 'proxy': {
      const { proxy, version } = target.program;
      return `${proxy.title} ${version}${target.own === null ? '' : ` with ${target.own.file}`}`;
    }
  }
};

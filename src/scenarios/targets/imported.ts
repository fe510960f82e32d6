/** A proxy's own config, read back into the neutral `gateway:` section. */
import type { GatewaySection } from '../../gateway/config.js';

/**
 * What became of a line. `understood`: the section says the same; `nearly`: it says something like it, and the note how
 * they differ; `ignored`: it has nothing to do with how requests fare (a log, a process file); `lost`: it does, and the
 * section has no words for it.
 */
export type LineFate = 'understood' | 'nearly' | 'ignored' | 'lost';

export interface ImportedLine {
  /** From 1. */
  readonly line: number;
  /** The directive as it stands there, on one line. */
  readonly text: string;
  readonly fate: LineFate;
  /** What it became in the section, such as `timeouts.attempt: 2s`, or why it became nothing. */
  readonly note: string;
}

export interface ImportedServer {
  /** As the section names it: `worker-1` and on, in the order of the file. */
  readonly id: string;
  /** As the file names it, such as `10.0.0.7:8080`. */
  readonly address: string;
}

export interface Imported {
  readonly section: GatewaySection;
  readonly servers: readonly ImportedServer[];
  /** Every directive of the file, in its order. */
  readonly lines: readonly ImportedLine[];
}

/** @throws DocumentError with line and column where the text is not a config of that proxy at all. */
export type ImportConfig = (text: string, file: string) => Imported;

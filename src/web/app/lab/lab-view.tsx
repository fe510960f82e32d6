/** A run while it goes on: topology, curves, events, controls. */
import type { Source } from '../source.js';

export const LabView = ({ source }: { readonly source: Extract<Source, { kind: 'live' }> }) => (
  <main>{source.feed}</main>
);

/** Clients that are slow, or leave: what the gateway answers, and what it tells the upstream. For `docs/conformance.md`. */

export interface Manner {
  readonly description: string;
  /** As the document says it. */
  readonly answer: string;
}

export const CLIENT_MANNERS = {
  'idle-conn': { description: 'opens a connection and sends nothing', answer: '408, closed' },
  'slow-header': { description: 'sends half a header, then nothing', answer: '408, closed' },
  'slow-body': { description: 'sends half a body, then nothing', answer: '408, closed' },
  'fin-mid-body': { description: 'ends the connection in the middle of the body', answer: 'attempt ended' },
  'body-too-large': { description: 'sends a body above the limit, and says so', answer: '413, closed' },
  'body-too-large-chunked': { description: 'sends a body above the limit in chunks', answer: '413, closed' },
  'client-abort': { description: 'leaves while the upstream works', answer: 'attempt ended' },
  'client-abort-upload': { description: 'leaves in the middle of the upload', answer: 'attempt ended' },
  'client-abort-download': { description: 'leaves in the middle of the answer', answer: 'attempt ended' },
  'client-abort-queued': { description: 'leaves while its request is queued', answer: 'never sent' },
  'half-close': { description: 'ends its own direction and waits', answer: 'attempt ended' },
  'never-reads': { description: 'takes nothing of a large answer', answer: 'attempt ended' },
} as const satisfies Record<string, Manner>;

export type MannerId = keyof typeof CLIENT_MANNERS;

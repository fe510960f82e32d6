/** A page's side of the stream of a lab, without a page. */
import { onTestFinished } from 'vitest';
import type { FeedMessage } from '../../src/scenarios/live/feed.js';

export type MessageOf<Type extends FeedMessage['type']> = Extract<FeedMessage, { type: Type }>;

export interface Feed {
  /** So far, in order. */
  readonly messages: readonly FeedMessage[];
  /** The first one, of those from `from` on, for which it holds; as soon as it comes. */
  until<Type extends FeedMessage['type']>(
    type: Type,
    holds?: (message: MessageOf<Type>) => boolean,
    from?: number,
  ): Promise<MessageOf<Type>>;
  /** The stream has ended. */
  readonly over: Promise<void>;
}

const parse = (event: string): FeedMessage | null => {
  const data = event.split('\n').find((line) => line.startsWith('data: '));
  return data === undefined ? null : (JSON.parse(data.slice('data: '.length)) as FeedMessage);
};

/** @param address of the stream. */
export const openFeed = async (address: string, headers: Record<string, string> = {}): Promise<Feed> => {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const response = await fetch(address, { headers, signal: leaving.signal });
  if (response.body === null || !response.ok) throw new Error(`the stream answers with ${response.status}`);
  const messages: FeedMessage[] = [];
  const waiting = new Set<() => void>();
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      messages.push(...events.map(parse).filter((message) => message !== null));
      for (const look of waiting) look();
    }
  };
  const over = read(response.body).catch(() => {});
  return {
    messages,
    over,
    until: (type, holds = () => true, from = 0) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = messages
            .slice(from)
            .find(
              (message): message is MessageOf<typeof type> =>
                message.type === type && holds(message as MessageOf<typeof type>),
            );
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void over.then(() => reject(new Error(`the stream ended without the ${type} that was waited for`)));
      }),
  };
};

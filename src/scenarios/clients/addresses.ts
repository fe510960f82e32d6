/**
 * Addresses of clients. Whoever counts by address, such as a rate limit, tells clients apart only if they have several;
 * on Linux all of 127.0.0.0/8 is there to be used. Other systems have 127.0.0.1 alone until somebody adds more.
 */
import { createServer } from 'node:net';

/**
 * Addresses that one run may use: those of one /24 network, less 127.0.0.0, 127.0.0.1, which everything else of a run
 * uses, and the last few. More identities than that are refused with the file.
 */
export const MAX_ADDRESSES = 250;

/** The address of the system's choice, which is 127.0.0.1. */
export const NO_ADDRESS = '';

const FIRST = 2;

/** @param index from 0, below `MAX_ADDRESSES`. */
export const addressOf = (index: number): string => `127.0.0.${FIRST + index}`;

/** Hands addresses out, a block for each who wants some, in order. */
export class AddressBook {
  #used = 0;

  /** So many of the addresses that a run may use are somebody's. */
  get used(): number {
    return this.#used;
  }

  /** @param count 0: it has none of its own, and uses `NO_ADDRESS`. */
  take(count: number): readonly string[] {
    if (count === 0) return [NO_ADDRESS];
    const block = Array.from({ length: count }, (_, index) => addressOf(this.#used + index));
    this.#used += count;
    return block;
  }
}

const canBind = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, host, () => server.close(() => resolve(true)));
  });

/** @returns why these addresses cannot be used on this machine, and how to mend it; `null`: they can. */
export const explainMissing = async (
  addresses: readonly string[],
  bind: (address: string) => Promise<boolean> = canBind,
): Promise<string | null> => {
  const wanted = addresses.filter((address) => address !== NO_ADDRESS);
  const missing: string[] = [];
  for (const address of wanted) if (!(await bind(address))) missing.push(address);
  if (missing.length === 0) return null;
  return (
    `clients with \`identities\` need the addresses ${wanted[0]} to ${wanted.at(-1)}, and this machine lacks ` +
    `${missing.length} of them, ${missing[0]} first: add them to the loopback interface (macOS: ` +
    `sudo ifconfig lo0 alias ${missing[0]} up), or take \`identities\` out, and all clients come from 127.0.0.1`
  );
};

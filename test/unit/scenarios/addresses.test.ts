/** Addresses of clients: each identity has its own, and a machine that lacks them is told so. */
import { describe, expect, it } from 'vitest';
import {
  AddressBook,
  addressOf,
  explainMissing,
  MAX_ADDRESSES,
  NO_ADDRESS,
} from '../../../src/scenarios/clients/addresses.js';

describe('addresses', () => {
  it('are handed out once each, from 127.0.0.2 to 127.0.0.251', () => {
    const book = new AddressBook();
    const all = [...book.take(3), ...book.take(MAX_ADDRESSES - 3)];
    expect(new Set(all).size).toBe(MAX_ADDRESSES);
    expect([all[0], all.at(-1)]).toEqual(['127.0.0.2', '127.0.0.251']);
  });

  it('are the system’s choice for who wants none', () => {
    const book = new AddressBook();
    expect(book.take(0)).toEqual([NO_ADDRESS]);
    expect(book.take(1)).toEqual([addressOf(0)]);
  });

  it('that this machine has are no problem', async () => {
    expect(await explainMissing(new AddressBook().take(3))).toBeNull();
    expect(await explainMissing([NO_ADDRESS], async () => false)).toBeNull();
  });

  it('that a machine lacks are told, with what to do', async () => {
    const only = async (address: string) => address === '127.0.0.1';
    const message = await explainMissing(['127.0.0.2', '127.0.0.3'], only);
    expect(message).toContain('need the addresses 127.0.0.2 to 127.0.0.3');
    expect(message).toContain('lacks 2 of them');
    expect(message).toContain('ifconfig lo0 alias 127.0.0.2 up');
    expect(message).toContain('take `identities` out');
  });
});

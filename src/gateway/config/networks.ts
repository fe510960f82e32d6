/** Addresses and networks, as a config writes them. */
import { isIP } from 'node:net';

/** An address, or a network: its address and the length of its prefix. @returns `null` for a text that is neither. */
export const parseNetwork = (
  text: string,
): { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' } | null => {
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return null;
  const bits = version === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  return prefix > bits ? null : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
};

/** What is wrong with one that is neither. */
export const networkProblem = (text: string): string =>
  `"${text}" is no address and no network such as 10.0.0.0/8`;

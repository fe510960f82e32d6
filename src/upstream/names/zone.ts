/**
 * One DNS zone as its server knows it: addresses by name, one TTL for all, and what is wrong with which name. It answers
 * a packet with a packet and knows no socket and no time. The codec is dns-packet's.
 */
import { AUTHORITATIVE_ANSWER, type DecodedPacket, decode, encode, type Question } from 'dns-packet';
import { NAME_FAULTS, type NameFault, RCODES } from './name-faults.js';

export interface ZoneOptions {
  /** Such as `fleet.test`. */
  readonly zone: string;
  readonly ttlSeconds: number;
}

/** Of a DNS message (RFC 1035 section 4.1.1); what is shorter has no id to answer to. */
const HEADER_BYTES = 12;

const RECURSION_DESIRED = 0x0100;
/** `type` of what has been decoded: an answer must not be answered, or two servers never stop. */
const QUERY = 'query';

type Reply = { readonly rcode: number; readonly address: string | null };

const NO_SUCH_NAME: Reply = { rcode: RCODES.nxDomain, address: null };
const NOT_OURS: Reply = { rcode: RCODES.refused, address: null };

export class Zone {
  readonly #options: ZoneOptions;
  /** By name in small letters. */
  #addresses: ReadonlyMap<string, string> = new Map();
  readonly #faults = new Map<string, NameFault>();

  constructor(options: ZoneOptions) {
    this.#options = options;
  }

  /** @param addresses IPv4, by name. */
  setAddresses(addresses: Readonly<Record<string, string>>): void {
    this.#addresses = new Map(
      Object.entries(addresses).map(([name, address]) => [name.toLowerCase(), address]),
    );
  }

  inject(name: string, fault: NameFault): void {
    this.#faults.set(name.toLowerCase(), fault);
  }

  heal(name: string): void {
    this.#faults.delete(name.toLowerCase());
  }

  /** @returns the answer; `null`: none is sent. */
  answer(packet: Buffer): Buffer | null {
    let query: DecodedPacket;
    try {
      query = decode(packet);
    } catch {
      return packet.length < HEADER_BYTES ? null : refuse(packet.readUInt16BE(0), RCODES.formErr);
    }
    const id = query.id ?? 0;
    if (query.type !== QUERY) return null;
    if ((query as { opcode?: string }).opcode !== 'QUERY') return refuse(id, RCODES.notImp);
    const [question, ...more] = query.questions ?? [];
    if (question === undefined || more.length > 0) return refuse(id, RCODES.formErr);
    const reply = this.#replyTo(question);
    if (reply === null) return null;
    return this.#encode(id, Boolean(query.flag_rd), question, reply);
  }

  /** `null`: none is sent. */
  #replyTo({ name }: Question): Reply | null {
    const { zone } = this.#options;
    const asked = name.toLowerCase();
    if (asked !== zone && !asked.endsWith(`.${zone}`)) return NOT_OURS;
    const fault = this.#faults.get(asked);
    if (fault !== undefined) return NAME_FAULTS[fault].answer;
    const address = this.#addresses.get(asked);
    if (address !== undefined) return { rcode: RCODES.noError, address };
    return asked === zone ? { rcode: RCODES.noError, address: null } : NO_SUCH_NAME;
  }

  #encode(id: number, recursionDesired: boolean, question: Question, { rcode, address }: Reply): Buffer {
    const { zone, ttlSeconds } = this.#options;
    const isAddress = address !== null && question.type === 'A';
    // RFC 2308: the zone's SOA says for how long it holds that there is nothing.
    const saysNothing = !isAddress && (rcode === RCODES.noError || rcode === RCODES.nxDomain);
    return encode({
      type: 'response',
      id,
      flags: AUTHORITATIVE_ANSWER | (recursionDesired ? RECURSION_DESIRED : 0) | rcode,
      questions: [question],
      answers: isAddress ? [{ type: 'A', name: question.name, ttl: ttlSeconds, data: address }] : [],
      authorities: saysNothing ? [soaOf(zone, ttlSeconds)] : [],
    });
  }
}

const soaOf = (zone: string, ttlSeconds: number) => ({
  type: 'SOA' as const,
  name: zone,
  ttl: ttlSeconds,
  data: {
    mname: `ns.${zone}`,
    rname: `nobody.${zone}`,
    serial: 1,
    refresh: ttlSeconds,
    retry: ttlSeconds,
    expire: ttlSeconds,
    minimum: ttlSeconds,
  },
});

/** To what cannot be read: no question, because there may be none. */
const refuse = (id: number, rcode: number): Buffer =>
  encode({ type: 'response', id, flags: rcode, questions: [] });

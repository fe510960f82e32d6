/** The stub resolver's answers: what each fault says on the wire, whose names they are, and that no packet ends it. */
import { decode, encode, RECURSION_DESIRED, type RecordType } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NAME_FAULT_NAMES,
  NAME_FAULTS,
  type NameFault,
  STALE_ADDRESS,
} from '../../../../src/upstream/names/name-faults.js';
import { Zone } from '../../../../src/upstream/names/zone.js';

const NAME = 'worker-1.fleet.test';

const makeZone = (): Zone => {
  const zone = new Zone({ zone: 'fleet.test', ttlSeconds: 5 });
  zone.setAddresses({ [NAME]: '127.0.0.1', 'worker-2.fleet.test': '127.0.0.2' });
  return zone;
};

const queryFor = (name: string, type: RecordType = 'A'): Buffer =>
  encode({ type: 'query', id: 0x1234, flags: RECURSION_DESIRED, questions: [{ type, name, class: 'IN' }] });

const ask = (zone: Zone, name: string, type: RecordType = 'A') => {
  const packet = zone.answer(queryFor(name, type));
  if (packet === null) return null;
  const { id, rcode, flag_aa, questions, answers, authorities } = decode(packet) as ReturnType<
    typeof decode
  > & {
    rcode: string;
  };
  return { id, rcode, flag_aa, questions, answers, authorities };
};

const addressesIn = (reply: ReturnType<typeof ask>): unknown[] =>
  (reply?.answers ?? []).map((answer) => (answer as { data: unknown }).data);

describe('a name of the zone', () => {
  it('has its address and the TTL', () => {
    const reply = ask(makeZone(), NAME);
    expect(reply).toMatchObject({ id: 0x1234, rcode: 'NOERROR', flag_aa: true, authorities: [] });
    expect(reply!.answers).toMatchObject([{ type: 'A', name: NAME, ttl: 5, data: '127.0.0.1' }]);
  });

  it('is the same in capitals, which come back as they were asked', () => {
    const reply = ask(makeZone(), 'WORKER-1.Fleet.Test');
    expect(addressesIn(reply)).toEqual(['127.0.0.1']);
    expect(reply!.questions).toMatchObject([{ name: 'WORKER-1.Fleet.Test' }]);
  });

  it('has no IPv6 address, and says for how long that holds', () => {
    const reply = ask(makeZone(), NAME, 'AAAA');
    expect(reply).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(reply!.authorities).toMatchObject([{ type: 'SOA', name: 'fleet.test', data: { minimum: 5 } }]);
  });

  it.each([
    ['that nobody has', 'worker-9.fleet.test', 'NXDOMAIN'],
    ['of the zone itself', 'fleet.test', 'NOERROR'],
    ['of somebody else', 'example.com', 'REFUSED'],
    ['that only ends alike', 'otherfleet.test', 'REFUSED'],
  ])('%s is answered so', (_what, name, rcode) => {
    expect(ask(makeZone(), name)).toMatchObject({ rcode, answers: [] });
  });

  it('is another one after the hosts have changed', () => {
    const zone = makeZone();
    zone.setAddresses({ [NAME]: '127.0.0.9' });
    expect(addressesIn(ask(zone, NAME))).toEqual(['127.0.0.9']);
    expect(ask(zone, 'worker-2.fleet.test')).toMatchObject({ rcode: 'NXDOMAIN' });
  });
});

describe('a fault', () => {
  it.each([
    ['nxdomain', 'NXDOMAIN', []],
    ['servfail', 'SERVFAIL', []],
    ['refused', 'REFUSED', []],
    ['empty', 'NOERROR', []],
    ['stale-address', 'NOERROR', [STALE_ADDRESS]],
  ] as const)('%s is %s on the wire, for this name alone, until it is healed', (fault, rcode, addresses) => {
    const zone = makeZone();
    zone.inject(NAME, fault);
    const reply = ask(zone, NAME);
    expect(reply).toMatchObject({ rcode });
    expect(addressesIn(reply)).toEqual(addresses);
    expect(addressesIn(ask(zone, 'worker-2.fleet.test'))).toEqual(['127.0.0.2']);
    zone.heal(NAME);
    expect(addressesIn(ask(zone, NAME))).toEqual(['127.0.0.1']);
  });

  it('timeout is no answer at all', () => {
    const zone = makeZone();
    zone.inject(NAME, 'timeout');
    expect(ask(zone, NAME)).toBeNull();
    expect(ask(zone, 'worker-2.fleet.test')).not.toBeNull();
  });

  it('takes the place of the one before', () => {
    const zone = makeZone();
    zone.inject(NAME, 'timeout');
    zone.inject(NAME, 'servfail');
    expect(ask(zone, NAME)).toMatchObject({ rcode: 'SERVFAIL' });
  });

  it('is as documented', () => {
    expect(NAME_FAULT_NAMES).toEqual(Object.keys(NAME_FAULTS));
  });
});

describe('a packet', () => {
  it.each([
    ['is an answer', encode({ type: 'response', id: 1, questions: [{ type: 'A', name: NAME }] })],
    ['is shorter than a header', Buffer.from([1, 2, 3])],
    ['is empty', Buffer.alloc(0)],
  ])('that %s is not answered', (_what, packet) => {
    expect(makeZone().answer(packet)).toBeNull();
  });

  it.each([
    ['has no question', encode({ type: 'query', id: 7, questions: [] }), 'FORMERR'],
    [
      'has two questions',
      encode({
        type: 'query',
        id: 7,
        questions: [
          { type: 'A', name: NAME },
          { type: 'A', name: NAME },
        ],
      }),
      'FORMERR',
    ],
    ['breaks off in the question', queryFor(NAME).subarray(0, 20), 'FORMERR'],
    ['is an update', encode({ type: 'query', id: 7, flags: 5 << 11, questions: [] }), 'NOTIMP'],
  ])('that %s gets %s', (_what, packet, rcode) => {
    expect(decode(makeZone().answer(packet)!)).toMatchObject({ rcode });
  });

  it('of any bytes is answered with its own id, or not at all', () => {
    const header = fc.tuple(fc.nat(0xffff), fc.nat(0xffff), fc.nat(3), fc.nat(2));
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 80 }), ([id, flags, questions, others], rest) => {
        const head = Buffer.alloc(12);
        for (const [index, value] of [id, flags, questions, others, others, others].entries()) {
          head.writeUInt16BE(value, 2 * index);
        }
        const answer = makeZone().answer(Buffer.concat([head, rest]));
        if (answer !== null) expect(decode(answer)).toMatchObject({ id, type: 'response' });
      }),
    );
  });

  it('about any name is answered with that question, whatever is wrong with the name', () => {
    const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
    const names = fc.oneof(
      fc.constantFrom(NAME, 'worker-2.fleet.test'),
      fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.')),
    );
    const faults = fc.constantFrom<NameFault | null>(...NAME_FAULT_NAMES, null);
    fc.assert(
      fc.property(
        names,
        faults,
        fc.constantFrom<RecordType>('A', 'AAAA', 'TXT', 'MX'),
        (name, fault, type) => {
          const zone = makeZone();
          if (fault !== null) zone.inject(NAME, fault);
          const reply = ask(zone, name, type);
          if (reply === null) {
            expect([name, fault]).toEqual([NAME, 'timeout']);
            return;
          }
          expect(reply.questions).toMatchObject([{ name, type }]);
          if (type !== 'A') expect(reply.answers).toEqual([]);
        },
      ),
    );
  });
});

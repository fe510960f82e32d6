/** Faults: who, which, how strong, for how long; and what is at work already. */
import { useEffect, useState } from 'preact/hooks';
import type { Catalog, CatalogFault } from '../../../../scenarios/live/api.js';
import type { VariantBegin, WorkerTick } from '../../../../scenarios/live/feed.js';
import { entryOrder } from '../commands.js';
import { OrderButton, useDesk } from '../desk.js';
import { ParameterForm } from '../schema-form.js';
import { useLab } from '../store.js';
import type { Written } from '../written.js';

/** Values with which something is to be seen within seconds, where the fault has no default. */
const STRONG: Readonly<Record<string, Written>> = {
  leak: { perSecond: '8MiB' },
  'event-loop-block': { for: '3s' },
};

/** Shown first: what most people come for. */
const FIRST = ['leak', 'crash', 'hang', 'slow', 'errors', 'event-loop-block', 'stop', 'poison'];

const inOrder = (faults: readonly CatalogFault[]): readonly CatalogFault[] => [
  ...FIRST.flatMap((name) => faults.filter((fault) => fault.name === name)),
  ...faults.filter(({ name }) => !FIRST.includes(name)),
];

/** So many parameters are enough for most; the others are a step away. */
const MOST_SHOWN = 3;

export type TargetKind = 'worker' | 'gateway' | 'dependency' | 'link';

export interface Target {
  readonly kind: TargetKind;
  /** As an entry's `on` names it. */
  readonly id: string;
}

const DISRUPTIONS: readonly CatalogFault[] = (
  [
    [
      'kill',
      'the process is gone, and back when the time is over',
      'no answer, or 502 and 504 from an edge before it',
    ],
    [
      'stop',
      'the process stands still: connections are taken, nobody serves them',
      'no answer within their patience',
    ],
    ['block', 'it burns its processor and does nothing else', 'late answers, all at once'],
  ] as const
).map(([name, description, clientSees]) => ({
  name,
  description,
  clientSees,
  standsFor: '',
  lasts: 'bounded',
  parameters: [],
}));

const faultsOf = (catalog: Catalog, kind: TargetKind): readonly CatalogFault[] => {
  if (kind === 'worker') return inOrder(catalog.faults);
  if (kind === 'dependency') return catalog.dependencyFaults;
  return kind === 'link' ? catalog.toxics : DISRUPTIONS;
};

const VERBS = { worker: 'inject', dependency: 'disturb', link: 'toxic', gateway: 'disrupt' } as const;
const HEALS = { worker: 'heal', dependency: 'recover', link: 'remove-toxic', gateway: null } as const;

/** The entry that puts it there. */
const entryOf = (
  { kind, id }: Target,
  fault: CatalogFault,
  { for: forText, ...written }: Written,
): Written => ({
  [VERBS[kind]]: fault.name,
  on: id,
  ...(kind === 'link' ? (Object.keys(written).length > 0 ? { attributes: written } : {}) : written),
  ...(forText !== undefined && { for: forText }),
});

const FOR = {
  name: 'for',
  default: null,
  schema: {
    type: 'string',
    'x-unit': 'duration',
    description: 'How long it lasts, such as 20s; left out: until it is healed.',
  },
} as const;

/** Names of parameters stand between backticks in what is said of a fault. */
const Words = ({ text }: { readonly text: string }) => (
  <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
);

const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

const About = ({ fault }: { readonly fault: CatalogFault }) => (
  <p class="lab-about">
    <Words text={capitalized(fault.description)} />.{' '}
    {fault.clientSees !== '' && (
      <>
        <b>Clients see</b> <Words text={fault.clientSees} />.{' '}
      </>
    )}
    {fault.standsFor !== '' && <span class="soft">Stands for {fault.standsFor}.</span>}
  </p>
);

const initialOf = ({ kind }: Target, name: string): Written =>
  kind === 'gateway' ? { for: '3s' } : kind === 'worker' ? (STRONG[name] ?? {}) : {};

const FaultForm = ({ catalog, target }: { readonly catalog: Catalog; readonly target: Target }) => {
  const desk = useDesk();
  const faults = faultsOf(catalog, target.kind);
  const [name, setName] = useState(faults[0]?.name ?? '');
  const fault = faults.find((one) => one.name === name) ?? faults[0];
  const [written, setWritten] = useState<Written>(initialOf(target, name));
  const orderOf = (chosen: CatalogFault, values: Written) =>
    entryOrder(entryOf(target, chosen, values), `${chosen.name} on ${target.id}`);
  const choose = (chosen: string): void => {
    const next = faults.find((one) => one.name === chosen);
    if (next === undefined) return;
    setName(chosen);
    setWritten(initialOf(target, chosen));
    desk.show(orderOf(next, initialOf(target, chosen)));
  };
  const change = (values: Written): void => {
    setWritten(values);
    if (fault !== undefined) desk.show(orderOf(fault, values));
  };
  // Whatever the form says, also before anybody has touched it.
  useEffect(() => {
    if (fault !== undefined) desk.show(orderOf(fault, written));
  }, [target.id]);
  if (fault === undefined) return <p class="soft">Nothing can be done to it.</p>;
  const parameters = fault.lasts === 'moment' ? fault.parameters : [FOR, ...fault.parameters];
  const heal = HEALS[target.kind];
  return (
    <>
      <div class="lab-field wide">
        <label for="lab-fault">Fault</label>
        <select
          id="lab-fault"
          value={fault.name}
          onChange={({ currentTarget }) => choose(currentTarget.value)}
        >
          {faults.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
      </div>
      <About fault={fault} />
      <ParameterForm parameters={parameters.slice(0, MOST_SHOWN)} written={written} change={change} />
      {parameters.length > MOST_SHOWN && (
        <details key={fault.name}>
          <summary>{parameters.length - MOST_SHOWN} more options</summary>
          <ParameterForm parameters={parameters.slice(MOST_SHOWN)} written={written} change={change} />
        </details>
      )}
      <div class="lab-actions">
        <OrderButton kind="primary" order={orderOf(fault, written)}>
          {target.kind === 'worker' ? 'Inject' : 'Do it'}
        </OrderButton>
        {heal !== null && fault.lasts === 'span' && (
          <OrderButton
            order={entryOrder({ [heal]: fault.name, on: target.id }, `${fault.name} of ${target.id} healed`)}
          >
            Heal
          </OrderButton>
        )}
      </div>
    </>
  );
};

const targetsOf = ({
  topology,
}: VariantBegin): readonly { readonly label: string; readonly targets: readonly Target[] }[] => {
  const workers: Target[] = topology.workers.map(({ id }) => ({ kind: 'worker', id }));
  const gateways = [...topology.gateways, ...(topology.edge ? ['edge'] : [])];
  return [
    { label: 'Workers', targets: [...workers, { kind: 'worker', id: 'all' }] },
    { label: 'Gateways', targets: gateways.map((id): Target => ({ kind: 'gateway', id })) },
    {
      label: 'Dependencies',
      targets: topology.dependencies.map((id): Target => ({ kind: 'dependency', id })),
    },
    {
      label: 'Links to workers',
      targets: topology.links ? topology.workers.map(({ id }): Target => ({ kind: 'link', id })) : [],
    },
  ];
};

/** As a choice names it. */
export const keyOf = ({ kind, id }: Target): string => `${kind}:${id}`;

export const findTarget = (begin: VariantBegin, key: string): Target | null => {
  const all = targetsOf(begin).flatMap(({ targets }) => targets);
  return all.find((target) => keyOf(target) === key || target.id === key) ?? null;
};

const nameOf = ({ kind, id }: Target): string =>
  kind === 'link' ? `link to ${id}` : id === 'all' ? 'all workers' : id;

const Process = ({ worker }: { readonly worker: string }) => (
  <div class="lab-actions">
    <OrderButton
      kind="danger"
      order={{
        method: 'POST',
        path: `workers/${worker}/kill`,
        said: `${worker} killed`,
        entry: { inject: 'crash', on: worker, how: 'kill' },
      }}
    >
      Kill
    </OrderButton>
    <OrderButton order={{ method: 'POST', path: `workers/${worker}/restart`, said: `${worker} restarts` }}>
      Restart
    </OrderButton>
    <OrderButton order={entryOrder({ heal: 'all', on: worker }, `${worker} healed of everything`)}>
      Heal everything
    </OrderButton>
  </div>
);

const sameFaults = (workers: readonly WorkerTick[]): string =>
  workers.flatMap(({ id, faults }) => faults.map((fault) => `${id}\n${fault}`)).join('\n\n');

/** What is at work, everywhere. */
const AtWork = () => {
  const { store } = useDesk();
  // A text, so that it is drawn again only when it is another.
  const text = useLab(store, ({ ticks }) => sameFaults(ticks.at(-1)?.workers ?? []));
  const list = text === '' ? [] : text.split('\n\n').map((pair) => pair.split('\n') as [string, string]);
  return (
    <>
      <h3>At work</h3>
      {list.length === 0 && <p class="soft">No fault is at work on a worker.</p>}
      <ul class="lab-list">
        {list.map(([worker, fault]) => (
          <li key={`${worker} ${fault}`}>
            <span>
              <span aria-hidden="true">▲</span> <b>{fault}</b> on {worker}
            </span>
            <OrderButton
              label={`Heal ${fault} of ${worker}`}
              order={entryOrder({ heal: fault, on: worker }, `${fault} of ${worker} healed`)}
            >
              Heal
            </OrderButton>
          </li>
        ))}
      </ul>
    </>
  );
};

export interface FaultsProps {
  readonly catalog: Catalog;
  readonly begin: VariantBegin;
  readonly target: string;
  readonly setTarget: (target: string) => void;
}

export const Faults = ({ catalog, begin, target: key, setTarget }: FaultsProps) => {
  const groups = targetsOf(begin).filter(({ targets }) => targets.length > 0);
  const target = findTarget(begin, key) ?? groups[0]?.targets[0];
  if (target === undefined) return <p class="soft">There is nobody to do something to.</p>;
  return (
    <>
      <div class="lab-field wide">
        <label for="lab-target">On</label>
        <select
          id="lab-target"
          value={keyOf(target)}
          onChange={({ currentTarget }) => setTarget(currentTarget.value)}
        >
          {groups.map(({ label, targets }) => (
            <optgroup key={label} label={label}>
              {targets.map((one) => (
                <option key={keyOf(one)} value={keyOf(one)}>
                  {nameOf(one)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      {target.kind === 'worker' && target.id !== 'all' && <Process worker={target.id} />}
      <FaultForm key={target.kind} catalog={catalog} target={target} />
      <AtWork />
    </>
  );
};

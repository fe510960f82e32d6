/** Faults: of whom, which, how strong, for how long. */
import { useEffect, useState } from 'preact/hooks';
import type {
  ActionForm,
  Catalog,
  CatalogFault,
  CatalogParameter,
  FaultAction,
} from '../../../../scenarios/live/api.js';
import { entryOrder } from '../commands.js';
import { OrderButton, useDesk } from '../desk.js';
import { ParameterForm, Words } from '../schema-form.js';
import type { Written } from '../written.js';
import { faultsOf } from './action-form.js';

/** Values with which something is to be seen within seconds, where the fault has no default. */
const STRONG: Readonly<Record<string, Written>> = {
  'inject leak': { perSecond: '8MiB' },
  'inject event-loop-block': { for: '3s' },
  'disrupt kill': { for: '3s' },
  'disrupt stop': { for: '3s' },
  'disrupt block': { for: '3s' },
  'toxic latency': { latency: 500 },
  'toxic bandwidth': { rate: 10 },
};

/** Shown first: what most people come for. */
const FIRST = ['leak', 'crash', 'hang', 'slow', 'errors', 'event-loop-block', 'stop', 'poison'];

const inOrder = (faults: readonly CatalogFault[]): readonly CatalogFault[] => [
  ...FIRST.flatMap((name) => faults.filter((fault) => fault.name === name)),
  ...faults.filter(({ name }) => !FIRST.includes(name)),
];

/** So many parameters are enough for most; the others are a step away. */
const MOST_SHOWN = 3;

interface Group {
  readonly action: FaultAction;
  readonly label: string;
  /** Before the name of whom it is done to. */
  readonly of: string;
  readonly everybody: string;
  readonly verb: string;
}

const GROUPS: readonly Group[] = [
  { action: 'inject', label: 'Workers', of: '', everybody: 'all workers', verb: 'Inject' },
  { action: 'disrupt', label: 'Gateways', of: '', everybody: '', verb: 'Do it' },
  { action: 'disturb', label: 'Dependencies', of: '', everybody: 'all dependencies', verb: 'Disturb' },
  {
    action: 'toxic',
    label: 'Links to workers',
    of: 'link to ',
    everybody: 'links to all workers',
    verb: 'Add the toxic',
  },
  {
    action: 'dns',
    label: 'Names of workers',
    of: 'name of ',
    everybody: 'names of all workers',
    verb: 'Break the name',
  },
  {
    action: 'certificate',
    label: 'Certificates',
    of: 'certificate of ',
    everybody: '',
    verb: 'Replace it',
  },
];

export interface Target {
  readonly group: Group;
  readonly form: ActionForm;
  /** As an entry's `on` names it. */
  readonly id: string;
}

const entryOf = ({ form, id }: Target, fault: CatalogFault, written: Written): Written => {
  const keys = new Set(form.keys.map(({ name }) => name));
  const pick = (isKey: boolean): Written =>
    Object.fromEntries(Object.entries(written).filter(([name]) => keys.has(name) === isKey));
  const own = pick(false);
  return {
    ...{ [form.name]: fault.name, on: id },
    ...(fault.below === undefined ? own : Object.keys(own).length > 0 ? { [fault.below]: own } : {}),
    ...pick(true),
  };
};

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

const initialOf = ({ form }: Target, name: string): Written => STRONG[`${form.name} ${name}`] ?? {};

/** The same to all of them, in fewer words than a timeline's. */
const FOR: CatalogParameter = {
  name: 'for',
  default: null,
  schema: {
    type: 'string',
    'x-unit': 'duration',
    description: 'How long it lasts; left out: until it is healed.',
  },
};

/** How long first, then its own, then what is seldom wanted. */
const parametersOf = ({ form }: Target, fault: CatalogFault): readonly CatalogParameter[] => {
  const lasting = fault.lasts === 'moment' || !form.keys.some(({ name }) => name === 'for') ? [] : [FOR];
  const others = form.keys.filter(({ name }) => name !== 'for');
  return [...lasting, ...fault.parameters, ...others];
};

const FaultForm = ({ catalog, target }: { readonly catalog: Catalog; readonly target: Target }) => {
  const desk = useDesk();
  const { form, id, group } = target;
  const faults =
    form.name === 'inject' ? inOrder(faultsOf(catalog, form.name)) : faultsOf(catalog, form.name);
  const [name, setName] = useState(faults[0]?.name ?? '');
  const fault = faults.find((one) => one.name === name) ?? faults[0];
  const [written, setWritten] = useState<Written>(initialOf(target, name));
  const orderOf = (chosen: CatalogFault, values: Written) =>
    entryOrder(entryOf(target, chosen, values), `${chosen.name} on ${group.of}${id}`);
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
  }, [id]);
  if (fault === undefined) return <p class="soft">Nothing can be done to it.</p>;
  const parameters = parametersOf(target, fault);
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
          {group.verb}
        </OrderButton>
        {fault.heal !== null && (
          <OrderButton
            order={entryOrder({ ...fault.heal, on: id }, `${fault.name} of ${group.of}${id} healed`)}
          >
            Heal
          </OrderButton>
        )}
      </div>
    </>
  );
};

/** As a choice names it. */
const keyOf = ({ form, id }: Target): string => `${form.name}:${id}`;

/** Of a choice, or of what was chosen in the topology. */
export const idOf = (key: string): string => key.slice(key.indexOf(':') + 1);

const nameOf = ({ group, id }: Target): string => (id === 'all' ? group.everybody : `${group.of}${id}`);

const targetsOf = (actions: readonly ActionForm[], group: Group): readonly Target[] => {
  const form = actions.find(({ name }) => name === group.action);
  if (form === undefined || form.impossible !== null) return [];
  return (form.on ?? []).map((id) => ({ group, form, id }));
};

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

/** What this run has not, and what it would need. */
const NotHere = ({ actions }: { readonly actions: readonly ActionForm[] }) => {
  const missing = GROUPS.flatMap(({ action, label }) => {
    const why = actions.find(({ name }) => name === action)?.impossible ?? null;
    return why === null ? [] : [{ label, why }];
  });
  if (missing.length === 0) return null;
  return (
    <details>
      <summary>What cannot be disturbed here</summary>
      <ul class="lab-about">
        {missing.map(({ label, why }) => (
          <li key={label}>
            <b>{label}</b>: <Words text={why} />
          </li>
        ))}
      </ul>
    </details>
  );
};

export interface FaultsProps {
  readonly catalog: Catalog;
  readonly actions: readonly ActionForm[];
  /** `worker-1`, or as a choice names it: `toxic:worker-1`. */
  readonly target: string;
  readonly setTarget: (target: string) => void;
}

export const Faults = ({ catalog, actions, target: key, setTarget }: FaultsProps) => {
  const groups = GROUPS.map((group) => ({ group, targets: targetsOf(actions, group) })).filter(
    ({ targets }) => targets.length > 0,
  );
  const all = groups.flatMap(({ targets }) => targets);
  const target = all.find((one) => keyOf(one) === key) ?? all.find(({ id }) => id === key) ?? all[0];
  if (target === undefined) return <NotHere actions={actions} />;
  return (
    <>
      <div class="lab-field wide">
        <label for="lab-target">On</label>
        <select
          id="lab-target"
          value={keyOf(target)}
          onChange={({ currentTarget }) => setTarget(currentTarget.value)}
        >
          {groups.map(({ group, targets }) => (
            <optgroup key={group.label} label={group.label}>
              {targets.map((one) => (
                <option key={keyOf(one)} value={keyOf(one)}>
                  {nameOf(one)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      {target.form.name === 'inject' && target.id !== 'all' && <Process worker={target.id} />}
      <FaultForm key={target.form.name} catalog={catalog} target={target} />
      <NotHere actions={actions} />
    </>
  );
};

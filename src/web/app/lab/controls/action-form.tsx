/** A form for one thing that a timeline can do, made of what the server says of it. */
import { useEffect, useState } from 'preact/hooks';
import type { Catalog, CatalogFault, ActionForm as Form } from '../../../../scenarios/live/api.js';
import { entryOrder, type Order } from '../commands.js';
import { OrderButton, useDesk } from '../desk.js';
import { Field, FoldedForm, ParameterForm, Words } from '../schema-form.js';
import { choicesOf, kindOf, sectionOf, summaryOf, type Written, withKey } from '../written.js';

/** Faults that the action can bring; none: it brings none. */
export const faultsOf = (catalog: Catalog, action: string): readonly CatalogFault[] =>
  (catalog.faults as Readonly<Record<string, readonly CatalogFault[]>>)[action] ?? [];

/** Keys that few entries have. */
const SELDOM: ReadonlySet<string> = new Set(['through', 'approved', 'basedOn', 'breakGlass']);

/** What its form begins with. */
const initialOf = ({ name, value, on, onIsOptional }: Form): Written => {
  const kind = kindOf(value);
  const start = kind === 'choice' ? choicesOf(value)[0] : kind === 'section' ? {} : undefined;
  const [first] = on ?? [];
  return {
    ...(start !== undefined && { [name]: start }),
    ...(first !== undefined && !onIsOptional && { on: first }),
  };
};

/** Its own key first, whatever was written first. */
const entryOf = (
  { name }: Form,
  fault: CatalogFault | undefined,
  { [name]: value, ...others }: Written,
): Written => {
  if (fault?.below === undefined) return { [name]: value, ...others };
  const own = new Set(fault.parameters.map((parameter) => parameter.name));
  const below = Object.fromEntries(Object.entries(others).filter(([key]) => own.has(key)));
  const beside = Object.fromEntries(Object.entries(others).filter(([key]) => !own.has(key)));
  return { [name]: value, ...beside, ...(Object.keys(below).length > 0 && { [fault.below]: below }) };
};

const On = ({
  form: { name, on, onIsOptional },
  value,
  change,
}: {
  readonly form: Form;
  readonly value: unknown;
  readonly change: (on: string | undefined) => void;
}) =>
  on === null ? null : (
    <div class="lab-field wide">
      <label for={`lab-on-${name}`}>on</label>
      <select
        id={`lab-on-${name}`}
        value={value === undefined ? '' : String(value)}
        onChange={({ currentTarget }) => change(currentTarget.value === '' ? undefined : currentTarget.value)}
      >
        {onIsOptional && <option value="">everybody</option>}
        {on.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </div>
  );

const Value = ({
  form: { name, value: schema },
  value,
  change,
}: {
  readonly form: Form;
  readonly value: unknown;
  readonly change: (value: unknown) => void;
}) => {
  const section = kindOf(schema) === 'section' ? sectionOf(schema) : null;
  // A choice without a default has one all the same: something is to be done.
  const kept = (next: unknown): void => change(next ?? (kindOf(schema) === 'choice' ? value : undefined));
  if (section === null) return <Field name={name} schema={schema} value={value} change={kept} />;
  return <FoldedForm schema={section} written={(value ?? {}) as Written} change={change} />;
};

export interface ActionFormProps {
  readonly form: Form;
  readonly catalog: Catalog;
  /** Laid over what it begins with. */
  readonly start?: Written;
  /** On the button. */
  readonly verb?: string;
}

export const ActionForm = ({ form, catalog, start = {}, verb = 'Do it' }: ActionFormProps) => {
  const desk = useDesk();
  const [written, setWritten] = useState<Written>({ ...initialOf(form), ...start });
  const fault = faultsOf(catalog, form.name).find(({ name }) => name === written[form.name]);
  const orderOf = (values: Written): Order => {
    const chosen = faultsOf(catalog, form.name).find(({ name }) => name === values[form.name]);
    const entry = entryOf(form, chosen, values);
    const said = summaryOf(entry[form.name]);
    return entryOrder(entry, `${form.name}${said === '' ? '' : `: ${said}`}`);
  };
  const isWhole = (values: Written): boolean => form.impossible === null && values[form.name] !== undefined;
  const show = (values: Written): void => desk.show(isWhole(values) ? orderOf(values) : null);
  const change = (values: Written): void => {
    setWritten(values);
    show(values);
  };
  const put = (key: string, value: unknown): void => change(withKey(written, key, value));
  // Another fault has other parameters.
  const choose = (value: unknown): void => {
    const own = new Set(fault?.parameters.map(({ name }) => name));
    const kept = Object.fromEntries(Object.entries(written).filter(([key]) => !own.has(key)));
    change(withKey(kept, form.name, value));
  };
  useEffect(() => show(written), []);
  if (form.impossible !== null) {
    return (
      <p class="soft">
        Not here: <Words text={form.impossible} />.
      </p>
    );
  }
  const keys = [...(fault?.parameters ?? []), ...form.keys.filter(({ name }) => !SELDOM.has(name))];
  const seldom = form.keys.filter(({ name }) => SELDOM.has(name));
  return (
    <div class="lab-form">
      <Value form={form} value={written[form.name]} change={choose} />
      <On form={form} value={written.on} change={(on) => put('on', on)} />
      {keys.length > 0 && <ParameterForm parameters={keys} written={written} change={change} />}
      {seldom.length > 0 && (
        <details>
          <summary>Seldom wanted</summary>
          <ParameterForm parameters={seldom} written={written} change={change} />
        </details>
      )}
      <div class="lab-actions">
        <OrderButton kind="primary" order={orderOf(written)} disabled={!isWhole(written)}>
          {verb}
        </OrderButton>
      </div>
    </div>
  );
};

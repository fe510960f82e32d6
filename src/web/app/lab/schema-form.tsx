/** Forms made of the schemas that the server checks what is sent with: units, limits, choices and what each is about. */
import { useId } from 'preact/hooks';
import type { CatalogParameter, FormSchema } from '../../../scenarios/live/api.js';
import {
  choicesOf,
  defaultText,
  exampleOf,
  kindOf,
  readField,
  sectionOf,
  type Written,
  withKey,
} from './written.js';

export interface FieldProps {
  readonly name: string;
  readonly schema: FormSchema;
  /** As it would be written; left out: the description tells, or there is none. */
  readonly byDefault?: unknown;
  readonly value: unknown;
  readonly change: (value: unknown) => void;
}

/** What is filled in, beside its label and what is said of it. */
interface InputProps {
  readonly id: string;
  readonly describedBy: string;
  readonly props: FieldProps;
}

const Choice = ({ id, describedBy, props }: InputProps) => {
  const { schema, byDefault, value, change } = props;
  const kind = kindOf(schema);
  const choices = kind === 'boolean' ? ['true', 'false'] : choicesOf(schema);
  const otherwise = defaultText(byDefault);
  return (
    <select
      id={id}
      aria-describedby={describedBy}
      value={value === undefined ? '' : String(value)}
      onChange={({ currentTarget }) => change(readField(kind, currentTarget.value))}
    >
      <option value="">{otherwise === '' ? 'default' : `default: ${otherwise}`}</option>
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {choice}
        </option>
      ))}
    </select>
  );
};

const Text = ({ id, describedBy, props }: InputProps) => {
  const { schema, byDefault, value, change } = props;
  const kind = kindOf(schema);
  return (
    <input
      id={id}
      aria-describedby={describedBy}
      type="text"
      inputMode={kind === 'number' ? 'decimal' : undefined}
      autocomplete="off"
      spellcheck={false}
      value={defaultText(value)}
      placeholder={defaultText(byDefault) || exampleOf(schema)}
      onInput={({ currentTarget }) => change(readField(kind, currentTarget.value))}
    />
  );
};

const Field = (props: FieldProps) => {
  const { name, schema, value, change } = props;
  const id = useId();
  const kind = kindOf(schema);
  const section = kind === 'section' ? sectionOf(schema) : null;
  if (section !== null) {
    return (
      <details class="lab-section" open={value !== undefined}>
        <summary>{name}</summary>
        <SectionForm
          schema={section}
          written={typeof value === 'object' && value !== null ? (value as Written) : {}}
          change={(below) => change(Object.keys(below).length === 0 ? undefined : below)}
        />
      </details>
    );
  }
  const About = kind === 'choice' || kind === 'boolean' ? Choice : Text;
  return (
    <div class="lab-field">
      <label for={id}>{name}</label>
      <About id={id} describedBy={`${id}-about`} props={props} />
      <small id={`${id}-about`} class="soft">
        {schema.description ?? exampleOf(schema)}
      </small>
    </div>
  );
};

/** What a form shows: the parameters of a fault. */
export const ParameterForm = ({
  parameters,
  written,
  change,
}: {
  readonly parameters: readonly CatalogParameter[];
  readonly written: Written;
  readonly change: (written: Written) => void;
}) => (
  <div class="lab-form">
    {parameters.map((parameter) => (
      <Field
        key={parameter.name}
        name={parameter.name}
        schema={parameter.schema}
        byDefault={parameter.default}
        value={written[parameter.name]}
        change={(value) => change(withKey(written, parameter.name, value))}
      />
    ))}
  </div>
);

/** The keys of a section. */
export const SectionForm = ({
  schema,
  written,
  change,
}: {
  readonly schema: FormSchema;
  readonly written: Written;
  readonly change: (written: Written) => void;
}) => (
  <div class="lab-form">
    {Object.entries(schema.properties ?? {}).map(([name, below]) => (
      <Field
        key={name}
        name={name}
        schema={below}
        value={written[name]}
        change={(value) => change(withKey(written, name, value))}
      />
    ))}
  </div>
);

/** Forms made of the schemas that the server checks what is sent with: units, limits, choices and what each is about. */
import { useId, useState } from 'preact/hooks';
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

/** What is said of something: names of keys stand between backticks. */
export const Words = ({ text }: { readonly text: string }) => (
  <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
);

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

/** Sections in a list, and sections whose keys are anybody's: as text, which stays as it was typed. */
const Json = ({ id, describedBy, props: { schema, value, change } }: InputProps) => {
  const [text, setText] = useState(defaultText(value));
  return (
    <textarea
      id={id}
      aria-describedby={describedBy}
      rows={3}
      autocomplete="off"
      spellcheck={false}
      value={text}
      placeholder={exampleOf(schema)}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        change(readField('json', currentTarget.value));
      }}
    />
  );
};

export const Field = (props: FieldProps) => {
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
  const About = kind === 'choice' || kind === 'boolean' ? Choice : kind === 'json' ? Json : Text;
  return (
    <div class="lab-field">
      <label for={id}>{name}</label>
      <About id={id} describedBy={`${id}-about`} props={props} />
      <small id={`${id}-about`} class="soft">
        <Words text={schema.description ?? exampleOf(schema)} />
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

interface SectionFormProps {
  readonly schema: FormSchema;
  readonly written: Written;
  readonly change: (written: Written) => void;
}

/** So many keys are looked through at once. */
const MOST_SHOWN = 5;

/** The keys of a section; of many, those that are needed or written, and the others a step away. */
export const FoldedForm = ({ schema, ...form }: SectionFormProps) => {
  const { properties = {}, required = [] } = schema;
  // What is written later does not move while it is written.
  const [first] = useState(() => new Set([...required, ...Object.keys(form.written)]));
  const all = Object.entries(properties);
  const shown = all.filter(([name], index) => (first.size > 0 ? first.has(name) : index < MOST_SHOWN));
  if (all.length <= MOST_SHOWN) return <SectionForm schema={schema} {...form} />;
  const others = all.filter((one) => !shown.includes(one));
  return (
    <>
      <SectionForm schema={{ properties: Object.fromEntries(shown) }} {...form} />
      <details>
        <summary>{others.length} more options</summary>
        <SectionForm schema={{ properties: Object.fromEntries(others) }} {...form} />
      </details>
    </>
  );
};

/** The keys of a section. */
export const SectionForm = ({ schema, written, change }: SectionFormProps) => (
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

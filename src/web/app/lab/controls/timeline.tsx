/** Whatever a timeline can do, one form for each, as the server tells of them. */
import { useState } from 'preact/hooks';
import type { Catalog, ActionForm as Form } from '../../../../scenarios/live/api.js';
import { Words } from '../schema-form.js';
import { kindOf } from '../written.js';
import { ActionForm } from './action-form.js';

export const Timeline = ({
  catalog,
  actions,
}: {
  readonly catalog: Catalog;
  readonly actions: readonly Form[];
}) => {
  const [name, setName] = useState('note');
  const form = actions.find((one) => one.name === name) ?? actions[0];
  if (form === undefined) return null;
  return (
    <>
      <p class="soft">Everything that an entry of a timeline can do, done now.</p>
      <div class="lab-field wide">
        <label for="lab-action">Action</label>
        <select
          id="lab-action"
          value={form.name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        >
          {actions.map((one) => (
            <option key={one.name} value={one.name}>
              {one.impossible === null ? one.name : `${one.name} (not here)`}
            </option>
          ))}
        </select>
      </div>
      {kindOf(form.value) === 'section' && (
        <p class="lab-about">
          <Words text={form.about} />
        </p>
      )}
      <ActionForm key={form.name} form={form} catalog={catalog} />
    </>
  );
};

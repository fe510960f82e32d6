/** How a change of the gateway's config goes out. */
import type { ActionForm as Form } from '../../../../scenarios/live/api.js';
import { Field, SectionForm } from '../schema-form.js';
import { type Written, withKey } from '../written.js';

/** How a push goes out: what of an entry says so. */
export type How = Written;

/** How changes go out: the strategy, its options, what they have to answer first, and whether a lock holds them up. */
export const GoesOut = ({
  strategies,
  push,
  how,
  setHow,
}: {
  readonly strategies: readonly string[];
  readonly push: Form | undefined;
  readonly how: How;
  readonly setHow: (how: How) => void;
}) => {
  const schemaOf = (key: string) => push?.keys.find(({ name }) => name === key)?.schema ?? null;
  const [staged, smokeTest] = [schemaOf('staged'), schemaOf('smokeTest')];
  return (
    <details>
      <summary>
        Changes go out <b>{typeof how.strategy === 'string' ? how.strategy : 'all at once'}</b>
        {how.smokeTest !== undefined && ', after a smoke test'}
        {how.breakGlass !== undefined && ', past a lock'}
      </summary>
      <div class="lab-field wide">
        <label for="lab-strategy">Strategy</label>
        <select
          id="lab-strategy"
          value={String(how.strategy ?? '')}
          onChange={({ currentTarget }) => {
            const { strategy: _strategy, staged: _staged, ...others } = how;
            setHow(currentTarget.value === '' ? others : { ...others, strategy: currentTarget.value });
          }}
        >
          <option value="">all at once</option>
          {strategies
            .filter((name) => name !== 'all-at-once')
            .map((name) => (
              <option key={name}>{name}</option>
            ))}
        </select>
      </div>
      {how.strategy === 'staged' && staged !== null && (
        <SectionForm
          schema={staged}
          written={(how.staged ?? {}) as Written}
          change={(below) =>
            setHow(withKey(how, 'staged', Object.keys(below).length > 0 ? below : undefined))
          }
        />
      )}
      {smokeTest !== null && (
        <Field
          name="smokeTest"
          schema={smokeTest}
          value={how.smokeTest}
          change={(value) => setHow(withKey(how, 'smokeTest', value))}
        />
      )}
      <label class="lab-switch">
        <input
          type="checkbox"
          checked={how.breakGlass !== undefined}
          onChange={({ currentTarget }) =>
            setHow(withKey(how, 'breakGlass', currentTarget.checked ? 'by hand in the lab' : undefined))
          }
        />{' '}
        past a lock
      </label>
    </details>
  );
};

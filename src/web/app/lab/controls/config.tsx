/** The config that workers read: pushed, by canary or not, rolled back, locked. */
import { useState } from 'preact/hooks';
import type { Catalog, ActionForm as Form } from '../../../../scenarios/live/api.js';
import { entryOrder, type Order } from '../commands.js';
import { OrderButton, useDesk, useListed } from '../desk.js';
import { ActionForm } from './action-form.js';

const downstream = (weights: readonly number[]) => ({
  downstream: {
    service: 'store',
    endpoints: weights.map((weight, index) => ({ name: `store-${'abc'[index]}`, weight })),
  },
});

const CONFIGS = [
  {
    name: 'A good one',
    about: 'three endpoints with small weights',
    config: downstream([1, 1, 2]),
  },
  {
    name: 'A bad one',
    about: 'valid, and it makes every worker that reads it leak to its death, as on 8 November 2024',
    config: downstream([80_000, 1, 79_999]),
  },
] as const;

const STRATEGIES: Readonly<Record<string, string>> = {
  'all-at-once': 'to all at once',
  rolling: 'one worker after another',
  canary: 'to a canary first',
};

const Push = ({ strategies }: { readonly strategies: readonly string[] }) => {
  const [strategy, setStrategy] = useState(strategies[0] ?? 'all-at-once');
  const [passLock, setPassLock] = useState(false);
  const desk = useDesk();
  const orderOf = (config: object, name: string, how: string): Order =>
    entryOrder(
      {
        'push-config': config,
        ...(how !== 'all-at-once' && { strategy: how }),
        ...(passLock && { breakGlass: 'by hand in the lab' }),
      },
      `${name} pushed, ${how}`,
    );
  return (
    <>
      <fieldset class="choices">
        <legend>Goes</legend>
        {strategies.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="worker-strategy"
              checked={strategy === name}
              onChange={() => {
                setStrategy(name);
                desk.show(orderOf(CONFIGS[1].config, CONFIGS[1].name, name));
              }}
            />
            {STRATEGIES[name] ?? name}
          </label>
        ))}
      </fieldset>
      <label class="lab-switch">
        <input type="checkbox" checked={passLock} onChange={() => setPassLock(!passLock)} /> past a lock
      </label>
      <ul class="lab-list">
        {CONFIGS.map(({ name, about, config }) => (
          <li key={name}>
            <span>
              <b>{name}</b>: {about}
            </span>
            <OrderButton order={orderOf(config, name, strategy)} label={`Push: ${name}`}>
              Push
            </OrderButton>
          </li>
        ))}
      </ul>
    </>
  );
};

export const Config = ({
  catalog,
  actions,
}: {
  readonly catalog: Catalog;
  readonly actions: readonly Form[];
}) => {
  const push = actions.find(({ name }) => name === 'push-config');
  const { answer, problem } = useListed(
    (api) => api.workerConfig(),
    ({ path, body }) => path === 'timeline' && Object.keys(body ?? {}).some((key) => key.endsWith('-config')),
  );
  return (
    <>
      {problem !== null && <p class="bad">✗ {problem}</p>}
      {answer !== null && (
        <p>
          Config version <b>{answer.version}</b> of the workers
          {answer.locked && <strong class="warn"> is locked</strong>}
        </p>
      )}
      <Push strategies={catalog.strategies.workers} />
      <div class="lab-actions">
        <OrderButton order={entryOrder({ 'rollback-config': {} }, 'config rolled back')}>
          Roll back
        </OrderButton>
        <OrderButton order={entryOrder({ 'lock-config': { reason: 'by hand in the lab' } }, 'config locked')}>
          Lock
        </OrderButton>
        <OrderButton order={entryOrder({ 'unlock-config': {} }, 'config unlocked')}>Unlock</OrderButton>
      </div>
      {push !== undefined && (
        <details>
          <summary>Write one, to whomever</summary>
          <ActionForm form={push} catalog={catalog} verb="Push it" />
        </details>
      )}
    </>
  );
};

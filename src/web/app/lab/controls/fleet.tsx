/** The fleet as a whole: how many workers there are, and which version of them. */
import type { Catalog, ActionForm as Form } from '../../../../scenarios/live/api.js';
import { entryOrder, type Order } from '../commands.js';
import { OrderButton, useDesk } from '../desk.js';
import { useLab } from '../store.js';
import { ActionForm } from './action-form.js';

/** How many workers there are: up to the places that the fleet has. */
const Scale = ({ places }: { readonly places: number }) => {
  const { store } = useDesk();
  const now = useLab(
    store,
    ({ ticks }) => ticks.at(-1)?.workers.filter(({ active }) => active).length ?? places,
  );
  const orderOf = (workers: number): Order =>
    entryOrder({ scale: workers }, `${workers} ${workers === 1 ? 'worker' : 'workers'} from now on`);
  return (
    <>
      <h3>Size</h3>
      <div class="lab-actions">
        <span>
          {now} of {places} places are taken
        </span>
        <OrderButton order={orderOf(now - 1)} disabled={now <= 1}>
          One less
        </OrderButton>
        <OrderButton order={orderOf(now + 1)} disabled={now >= places}>
          One more
        </OrderButton>
      </div>
    </>
  );
};

/** The fleet begins with 1. */
const FIRST_DEPLOY = 2;

const Deploy = ({ form, catalog }: { readonly form: Form; readonly catalog: Catalog }) => {
  const { store } = useDesk();
  const next = useLab(store, ({ events }) =>
    events.reduce(
      (version, { eventType, fields }) =>
        eventType === 'deploy.began' && typeof fields.version === 'number'
          ? Math.max(version, fields.version + 1)
          : version,
      FIRST_DEPLOY,
    ),
  );
  return (
    <>
      <h3>Deploy a version</h3>
      <ActionForm
        key={next}
        form={form}
        catalog={catalog}
        start={{ deploy: { version: next, strategy: 'rolling' } }}
        verb="Deploy"
      />
      <div class="lab-actions">
        <OrderButton order={entryOrder({ 'rollback-deploy': {} }, 'back to the version before')}>
          Back to the version before
        </OrderButton>
      </div>
    </>
  );
};

export const Fleet = ({
  catalog,
  actions,
  places,
}: {
  readonly catalog: Catalog;
  readonly actions: readonly Form[];
  readonly places: number;
}) => {
  const deploy = actions.find(({ name }) => name === 'deploy');
  if (deploy === undefined) return null;
  if (deploy.impossible !== null) return <p class="soft">Not here: {deploy.impossible}.</p>;
  return (
    <>
      <Scale places={places} />
      <Deploy form={deploy} catalog={catalog} />
    </>
  );
};

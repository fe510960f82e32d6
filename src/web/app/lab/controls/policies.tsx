/** What the gateway does about trouble: each policy on or off, with its options. */
import { useEffect, useState } from 'preact/hooks';
import type {
  Catalog,
  ActionForm as Form,
  FormSchema,
  GatewayConfigAnswer,
} from '../../../../scenarios/live/api.js';
import type { Outcome } from '../api.js';
import { entryOrder, type Order } from '../commands.js';
import { OrderButton, Said, useDesk, useListed } from '../desk.js';
import { Field, SectionForm } from '../schema-form.js';
import { choicesOf, kindOf, sectionOf, summaryOf, type Written, withKey } from '../written.js';
import { GoesOut, type How } from './goes-out.js';

interface Policy {
  /** Of the gateway's section. */
  readonly key: string;
  readonly name: string;
  readonly about: string;
  /** What it is switched on with: strong enough to be seen in a lab. */
  readonly preset: unknown;
}

const POLICIES: readonly Policy[] = [
  {
    key: 'retry',
    name: 'Retries',
    about: 'another attempt on another worker: hides single failures, multiplies load in an outage',
    preset: { attempts: 3 },
  },
  {
    key: 'concurrency',
    name: 'Concurrency limit',
    about: 'a cap on requests in flight to a worker: more is refused at once with 503',
    preset: { limit: 10, queue: 5, maxWait: '500ms' },
  },
  {
    key: 'breaker',
    name: 'Breaker',
    about: 'stops asking a worker whose requests fail, and tries again later',
    preset: {},
  },
  {
    key: 'outlierEjection',
    name: 'Outlier ejection',
    about: 'takes a worker out that behaves unlike the others',
    preset: {
      consecutiveGatewayFailures: { failures: 3 },
      interval: '1s',
      baseEjection: '5s',
      maxEjected: '50%',
    },
  },
  {
    key: 'healthCheck',
    name: 'Health checks',
    about: 'asks workers how they are, and leaves out those who do not answer',
    preset: { interval: '500ms', timeout: '400ms', rise: 2, fall: 2 },
  },
  {
    key: 'timeouts',
    name: 'Time limits',
    about: 'how long an attempt and a whole request may take before 504',
    preset: { attempt: '1s', request: '3s' },
  },
  {
    key: 'hedge',
    name: 'Hedging',
    about: 'a second attempt when the first is slow: the first good answer wins',
    preset: { after: '200ms' },
  },
  {
    key: 'admission',
    name: 'Admission',
    about: 'turns away a share at the door when most would fail',
    preset: { window: '10s' },
  },
  {
    key: 'rateLimit',
    name: 'Rate limit',
    about: 'so many requests a second of one client address: more gets 429',
    preset: { rate: '50/s' },
  },
  { key: 'cache', name: 'Cache', about: 'answers kept and given again', preset: { defaultTtl: '2s' } },
  {
    key: 'globalConcurrency',
    name: 'Global limit',
    about: 'a cap on requests in flight to all workers together',
    preset: { limit: 32, queue: 32, maxWait: '500ms' },
  },
  {
    key: 'criticality',
    name: 'Criticality',
    about: 'requests say how much they matter: the least are refused first',
    preset: {},
  },
  {
    key: 'priorities',
    name: 'Panic and failover',
    about: 'when too few are healthy, health is not believed any more; and who stands in for whom',
    preset: { panicThreshold: '50%' },
  },
  {
    key: 'slowStart',
    name: 'Slow start',
    about: 'a worker that has come back gets less at first',
    preset: { window: '10s' },
  },
];

/** In this section a policy that is not there is on with its defaults; `off` has to be said. */
const OFF: Readonly<Record<string, unknown>> = { healthCheck: 'off' };

const isOn = (config: Written, key: string): boolean =>
  key === 'healthCheck' ? config[key] !== 'off' : config[key] !== undefined;

/** The whole section. @param changes of it, as an entry would have them; `null`: no entry says it. */
const configOrder = (config: Written, changes: Written | null, how: How, said: string): Order => ({
  method: 'PUT',
  path: 'gateway/config',
  body: { config, by: 'lab', ...how, approve: 'by hand in the lab' },
  said,
  ...(changes !== null && { entry: { 'push-config': changes, to: 'gateway', ...how } }),
});

/** With one key otherwise. @param value `undefined`: without it. */
const pushOrder = (config: Written, key: string, value: unknown, how: How): Order =>
  configOrder(
    withKey(config, key, value),
    value === undefined ? null : { [key]: value },
    how,
    value === undefined || value === 'off'
      ? `${key} off`
      : `${key}: ${summaryOf(value) || 'with its defaults'}`,
  );

interface RowProps {
  readonly policy: Policy;
  readonly schema: FormSchema;
  readonly config: Written;
  /** Of the config. */
  readonly version: number;
  readonly how: How;
}

const Row = ({ policy: { key, name, about, preset }, schema, config, version, how }: RowProps) => {
  const desk = useDesk();
  const now = config[key];
  const on = isOn(config, key);
  const section = sectionOf(schema);
  const start = (typeof now === 'object' ? now : preset) as Written;
  const [written, setWritten] = useState<Written>(start);
  /** What was asked for, until the config says so. */
  const [wanted, setWanted] = useState<boolean | null>(null);
  useEffect(() => {
    setWritten(start);
    setWanted(null);
  }, [version]);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const flip = pushOrder(config, key, on ? OFF[key] : preset, how);
  const apply = pushOrder(config, key, written, how);
  const show = (): void => desk.show(flip);
  return (
    <li class="lab-policy">
      <label class="lab-switch" onPointerEnter={show}>
        <input
          type="checkbox"
          checked={wanted ?? on}
          onFocus={show}
          onChange={async () => {
            setWanted(!on);
            const got = await desk.give(flip);
            setOutcome(got);
            if (!got.done) setWanted(null);
          }}
        />
        <b>{name}</b> <span class={on ? 'good' : 'soft'}>{on ? 'on' : 'off'}</span>
      </label>
      <p class="soft">
        {on && typeof now === 'object' && Object.keys(now as object).length > 0 ? (
          <code>{summaryOf(now)}</code>
        ) : (
          about
        )}
      </p>
      <Said outcome={outcome !== null && !outcome.done ? outcome : null} said="" />
      {section !== null && (
        <details>
          <summary>
            Options<span class="unseen"> of {name}</span>
          </summary>
          <SectionForm
            schema={section}
            written={written}
            change={(next) => {
              setWritten(next);
              desk.show(pushOrder(config, key, next, how));
            }}
          />
          <div class="lab-actions">
            <OrderButton kind="primary" order={apply} label={`Apply the options of ${name}`}>
              Apply
            </OrderButton>
          </div>
        </details>
      )}
    </li>
  );
};

const Balancer = ({ schema, config, how }: Omit<RowProps, 'policy' | 'version'>) => {
  const desk = useDesk();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const now = config.balancer;
  const name = typeof now === 'string' ? now : ((now as Written | undefined)?.name ?? 'round-robin');
  const orderOf = (choice: string): Order => pushOrder(config, 'balancer', choice, how);
  return (
    <div class="lab-field wide">
      <label for="lab-balancer">Balancer</label>
      <select
        id="lab-balancer"
        value={String(name)}
        onFocus={() => desk.show(orderOf(String(name)))}
        onChange={async ({ currentTarget }) => setOutcome(await desk.give(orderOf(currentTarget.value)))}
      >
        {choicesOf(schema).map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
      <Said outcome={outcome !== null && !outcome.done ? outcome : null} said="" />
    </div>
  );
};

/** Keys of the section that have a place of their own above. */
const OWN: ReadonlySet<string> = new Set(['balancer', ...POLICIES.map(({ key }) => key)]);

/** Everything else that a gateway can be told. */
const Others = ({
  properties,
  config,
  version,
  how,
}: {
  readonly properties: Readonly<Record<string, FormSchema>>;
  readonly config: Written;
  readonly version: number;
  readonly how: How;
}) => {
  const desk = useDesk();
  const [changes, setChanges] = useState<Written>({});
  useEffect(() => setChanges({}), [version]);
  const others = Object.entries(properties).filter(([key]) => !OWN.has(key));
  const orderOf = (next: Written): Order => {
    const without = Object.entries(next).filter(([, value]) => value === undefined);
    const whole = Object.fromEntries(
      Object.entries({ ...config, ...next }).filter(([, value]) => value !== undefined),
    );
    const said = `${Object.keys(next).join(', ')} changed`;
    return configOrder(whole, without.length > 0 ? null : next, how, said);
  };
  return (
    <details>
      <summary>Everything else of the gateway’s section</summary>
      <div class="lab-form" key={version}>
        {others.map(([key, schema]) => (
          <Field
            key={key}
            name={key}
            schema={schema}
            value={Object.hasOwn(changes, key) ? changes[key] : config[key]}
            change={(value) => {
              const next = { ...changes, [key]: value };
              setChanges(next);
              desk.show(orderOf(next));
            }}
          />
        ))}
      </div>
      <div class="lab-actions">
        <OrderButton kind="primary" order={orderOf(changes)} disabled={Object.keys(changes).length === 0}>
          Apply them
        </OrderButton>
      </div>
    </details>
  );
};

const ROLL_BACK: Order = {
  method: 'POST',
  path: 'gateway/config/rollback',
  body: { by: 'lab' },
  entry: { 'rollback-config': {}, to: 'gateway' },
  said: 'gateway config rolled back',
};

const LOCK: Order = {
  method: 'PUT',
  path: 'gateway/config/lock',
  body: { by: 'lab', reason: 'by hand in the lab' },
  said: 'gateway config locked',
};

const UNLOCK: Order = {
  method: 'DELETE',
  path: 'gateway/config/lock?by=lab',
  said: 'gateway config unlocked',
};

interface PoliciesProps {
  readonly catalog: Catalog;
  readonly actions: readonly Form[];
}

const Config = ({ catalog, actions, answer }: PoliciesProps & { readonly answer: GatewayConfigAnswer }) => {
  const [how, setHow] = useState<How>({});
  const { config, version, locked } = answer;
  const { properties = {} } = catalog.gateway;
  const push = actions.find(({ name }) => name === 'push-config');
  const shown = POLICIES.filter(
    ({ key }) => properties[key] !== undefined && kindOf(properties[key]) === 'section',
  );
  return (
    <>
      <p>
        Config version <b>{version}</b> of the gateway
        {locked && <strong class="warn"> is locked</strong>}
      </p>
      {properties.balancer !== undefined && (
        <Balancer schema={properties.balancer} config={config} how={how} />
      )}
      <GoesOut strategies={catalog.strategies.gateway} push={push} how={how} setHow={setHow} />
      <ul class="lab-list">
        {shown.map((policy) => (
          <Row
            key={policy.key}
            policy={policy}
            schema={properties[policy.key]!}
            config={config}
            version={version}
            how={how}
          />
        ))}
      </ul>
      <Others properties={properties} config={config} version={version} how={how} />
      <div class="lab-actions">
        <OrderButton order={ROLL_BACK}>Roll back</OrderButton>
        <OrderButton order={LOCK} disabled={locked}>
          Lock
        </OrderButton>
        <OrderButton order={UNLOCK} disabled={!locked}>
          Unlock
        </OrderButton>
        {config.cache !== undefined && (
          <>
            <OrderButton order={entryOrder({ 'purge-cache': {} }, 'cache emptied')}>
              Empty the cache
            </OrderButton>
            <OrderButton order={entryOrder({ 'purge-cache': { soft: 'on' } }, 'cache made stale')}>
              Make the cache stale
            </OrderButton>
          </>
        )}
      </div>
    </>
  );
};

export const Policies = (props: PoliciesProps) => {
  const { answer, problem } = useListed(
    (api) => api.gatewayConfig(),
    ({ path, body }) => path.startsWith('gateway/config') || body?.to === 'gateway',
  );
  if (problem !== null) return <p class="bad">✗ {problem}</p>;
  return answer === null ? <p class="soft">Asking for the config…</p> : <Config {...props} answer={answer} />;
};

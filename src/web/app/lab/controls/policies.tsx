/** What the gateway does about trouble: each policy on or off, with its options. */
import { useEffect, useState } from 'preact/hooks';
import type { Catalog, FormSchema, GatewayConfigAnswer } from '../../../../scenarios/live/api.js';
import type { Outcome } from '../api.js';
import { entryOrder, type Order } from '../commands.js';
import { OrderButton, Said, useDesk, useListed } from '../desk.js';
import { SectionForm } from '../schema-form.js';
import { choicesOf, kindOf, sectionOf, summaryOf, type Written, withKey } from '../written.js';

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

/** The whole section with one key otherwise. @param value `undefined`: without it. */
const pushOrder = (config: Written, key: string, value: unknown, strategy: string): Order => ({
  method: 'PUT',
  path: 'gateway/config',
  body: {
    config: withKey(config, key, value),
    by: 'lab',
    ...(strategy !== '' && { strategy }),
    approve: 'by hand in the lab',
  },
  said:
    value === undefined || value === 'off'
      ? `${key} off`
      : `${key}: ${summaryOf(value) || 'with its defaults'}`,
  ...(value !== undefined && {
    entry: { 'push-config': { [key]: value }, to: 'gateway', ...(strategy !== '' && { strategy }) },
  }),
});

interface RowProps {
  readonly policy: Policy;
  readonly schema: FormSchema;
  readonly config: Written;
  /** Of the config. */
  readonly version: number;
  readonly strategy: string;
}

const Row = ({ policy: { key, name, about, preset }, schema, config, version, strategy }: RowProps) => {
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
  const flip = pushOrder(config, key, on ? OFF[key] : preset, strategy);
  const apply = pushOrder(config, key, written, strategy);
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
              desk.show(pushOrder(config, key, next, strategy));
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

interface ConfigProps {
  readonly catalog: Catalog;
  readonly answer: GatewayConfigAnswer;
}

const Balancer = ({ schema, config, strategy }: Omit<RowProps, 'policy' | 'version'>) => {
  const desk = useDesk();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const now = config.balancer;
  const name = typeof now === 'string' ? now : ((now as Written | undefined)?.name ?? 'round-robin');
  const orderOf = (choice: string): Order => pushOrder(config, 'balancer', choice, strategy);
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

const Config = ({ catalog, answer }: ConfigProps) => {
  const [strategy, setStrategy] = useState('');
  const { config, version, locked } = answer;
  const { properties = {} } = catalog.gateway;
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
        <Balancer schema={properties.balancer} config={config} strategy={strategy} />
      )}
      <div class="lab-field wide">
        <label for="lab-strategy">Changes go out</label>
        <select
          id="lab-strategy"
          value={strategy}
          onChange={({ currentTarget }) => setStrategy(currentTarget.value)}
        >
          <option value="">all at once</option>
          {catalog.strategies.gateway
            .filter((name) => name !== 'all-at-once')
            .map((name) => (
              <option key={name}>{name}</option>
            ))}
        </select>
      </div>
      <ul class="lab-list">
        {shown.map((policy) => (
          <Row
            key={policy.key}
            policy={policy}
            schema={properties[policy.key]!}
            config={config}
            version={version}
            strategy={strategy}
          />
        ))}
      </ul>
      <div class="lab-actions">
        <OrderButton
          order={entryOrder({ 'rollback-config': {}, to: 'gateway' }, 'gateway config rolled back')}
        >
          Roll back
        </OrderButton>
        {config.cache !== undefined && (
          <OrderButton order={entryOrder({ 'purge-cache': {} }, 'cache emptied')}>
            Empty the cache
          </OrderButton>
        )}
      </div>
    </>
  );
};

export const Policies = ({ catalog }: { readonly catalog: Catalog }) => {
  const { answer, problem } = useListed(
    (api) => api.gatewayConfig(),
    ({ path, body }) => path === 'gateway/config' || body?.to === 'gateway',
  );
  if (problem !== null) return <p class="bad">✗ {problem}</p>;
  return answer === null ? (
    <p class="soft">Asking for the config…</p>
  ) : (
    <Config catalog={catalog} answer={answer} />
  );
};

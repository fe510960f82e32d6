/** The bundled scenarios: replayed in the lab's place, to their report. */
import { useEffect, useState } from 'preact/hooks';
import { formatDuration } from '../../../../core/units.js';
import type { ScenarioAnswer } from '../../../../scenarios/live/api.js';
import type { Order } from '../commands.js';
import { OrderButton, useDesk, useListed } from '../desk.js';

const runOrder = (
  { name, variants: all }: ScenarioAnswer,
  chosen: readonly string[],
  engine: 'real' | 'virtual',
): Order => ({
  method: 'POST',
  path: 'run',
  body: {
    scenario: name,
    ...(chosen.length < all.length && { variants: chosen }),
    ...(engine === 'virtual' && { engine }),
  },
  said: `${name} begins`,
});

const Details = ({ scenario }: { readonly scenario: ScenarioAnswer }) => {
  const desk = useDesk();
  const { title, variants, engines, realTimeMs, reproduces } = scenario;
  const [left, setLeft] = useState<readonly string[]>([]);
  const [engine, setEngine] = useState<'real' | 'virtual'>('real');
  const chosen = variants.filter((variant) => !left.includes(variant));
  const order = runOrder(scenario, chosen, engine);
  useEffect(() => desk.show(order), [engine]);
  const flip = (variant: string): void => {
    const next = left.includes(variant) ? left.filter((one) => one !== variant) : [...left, variant];
    setLeft(next);
    desk.show(
      runOrder(
        scenario,
        variants.filter((one) => !next.includes(one)),
        engine,
      ),
    );
  };
  const takesMs = (realTimeMs * chosen.length) / Math.max(1, variants.length);
  return (
    <>
      <p>
        <b>{title}</b>{' '}
        {reproduces.length > 0 && <span class="soft">Reproduces {reproduces.join(', ')}.</span>}
      </p>
      <fieldset class="choices">
        <legend>Variants</legend>
        {variants.map((variant) => (
          <label key={variant}>
            <input type="checkbox" checked={!left.includes(variant)} onChange={() => flip(variant)} />
            {variant}
          </label>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>Engine</legend>
        {engines.map((name) => (
          <label key={name}>
            <input type="radio" name="engine" checked={engine === name} onChange={() => setEngine(name)} />
            {name === 'real'
              ? `real processes, about ${formatDuration(Math.round(takesMs / 1000) * 1000)}`
              : 'virtual time, seconds'}
          </label>
        ))}
      </fieldset>
      <div class="lab-actions">
        <OrderButton kind="primary" order={order} disabled={chosen.length === 0}>
          Run it
        </OrderButton>
      </div>
      <p class="soft">
        The lab’s own processes are stopped for it. The report comes up here when it is over.
      </p>
    </>
  );
};

export const Scenarios = () => {
  const { answer, problem } = useListed((api) => api.scenarios());
  const [name, setName] = useState('');
  if (problem !== null) return <p class="bad">✗ {problem}</p>;
  if (answer === null) return <p class="soft">Asking for the list…</p>;
  const scenario = answer.find((one) => one.name === name) ?? answer[0];
  if (scenario === undefined) return <p class="soft">There are none.</p>;
  return (
    <>
      <div class="lab-field wide">
        <label for="lab-scenario">Scenario</label>
        <select
          id="lab-scenario"
          value={scenario.name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        >
          {answer.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
      </div>
      <Details key={scenario.name} scenario={scenario} />
    </>
  );
};

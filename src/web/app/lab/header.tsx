/** What runs, whether the page hears of it, and the numbers of the last second. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { wallClock } from '../../../core/clock.js';
import type { VariantBegin } from '../../../scenarios/live/feed.js';
import { formatMs, formatPercent, formatRps, headlineOf } from './derive.js';
import { OrderButton } from './desk.js';
import { type LabStore, useLab } from './store.js';
import { type Stream, useLink } from './stream.js';

const timeOfDay = (ms: number): string => new Date(ms).toLocaleTimeString();

/** How long it has been so, counted on while it is shown. */
const Since = ({ sinceMs }: { readonly sinceMs: number }) => {
  const [nowMs, setNowMs] = useState(wallClock.nowMs());
  useEffect(() => {
    const timer = wallClock.every(1_000, () => setNowMs(wallClock.nowMs()));
    return () => timer.cancel();
  }, []);
  return <>{Math.max(0, Math.round((nowMs - sinceMs) / 1_000))} s</>;
};

/** Whether the stream is there; said aloud when it is not. */
export const LinkState = ({ stream }: { readonly stream: Stream }) => {
  const link = useLink(stream);
  if (link.state === 'open') {
    return (
      <span class="lab-live good">
        <span aria-hidden="true">●</span> live
      </span>
    );
  }
  if (link.state !== 'broken') return <span class="lab-live soft">○ connecting</span>;
  return (
    <span class="lab-live bad" role="alert">
      <span aria-hidden="true">✕</span> no news since {timeOfDay(link.sinceMs)} (
      <Since sinceMs={link.sinceMs} />
      ); trying again
    </span>
  );
};

const Progress = ({ store, begin }: { readonly store: LabStore; readonly begin: VariantBegin }) => {
  const t = useLab(store, ({ ticks }) => Math.floor(ticks.at(-1)?.t ?? 0));
  const measured = useLab(store, (state) => state.measured);
  const { durationS, variants, variant } = begin;
  if (durationS === null) return null;
  return (
    <div class="lab-progress">
      <ol class="lab-variants">
        {variants.map((name) => {
          const isOver = measured.some((one) => one.name === name);
          return (
            <li key={name} aria-current={name === variant ? 'step' : undefined}>
              <span aria-hidden="true">{isOver ? '✓' : name === variant ? '▸' : '·'}</span> {name}
              {isOver && <span class="unseen"> is over</span>}
            </li>
          );
        })}
      </ol>
      <label>
        <span class="soft">
          {t} of {durationS} s
        </span>
        <progress max={durationS} value={Math.max(0, t)} aria-label={`Progress of ${variant}`} />
      </label>
    </div>
  );
};

const Figure = ({
  name,
  value,
  tone = '',
}: {
  readonly name: string;
  readonly value: string;
  readonly tone?: string;
}) => (
  <div class={`lab-figure ${tone}`}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

/** Below this, users notice. */
const GOOD_RATIO = 0.99;

export const Figures = ({ store }: { readonly store: LabStore }) => {
  const now = headlineOf(useLab(store, (state) => state.ticks));
  const failing = now.failed.map(({ outcome, rps }) => `${outcome.label} ${formatRps(rps)}/s`).join(', ');
  const isBad = now.goodRatio !== null && now.goodRatio < GOOD_RATIO;
  return (
    <dl class="lab-figures">
      <Figure name="Offered" value={`${formatRps(now.offeredRps)}/s`} />
      <Figure
        name="Good answers"
        value={now.goodRatio === null ? '–' : formatPercent(now.goodRatio)}
        tone={isBad ? 'bad' : 'good'}
      />
      <Figure name="Failing" value={failing === '' ? 'none' : failing} tone={failing === '' ? '' : 'bad'} />
      <Figure name="Mostly by" value={now.cause?.replaceAll('_', ' ') ?? '–'} />
      <Figure name="p50" value={now.latencyMs === null ? '–' : formatMs(now.latencyMs.p50)} />
      <Figure name="p99" value={now.latencyMs === null ? '–' : formatMs(now.latencyMs.p99)} />
      <Figure
        name="Amplification"
        value={now.amplification === null ? '–' : `${now.amplification.toFixed(2)}×`}
      />
    </dl>
  );
};

export interface HeaderProps {
  readonly store: LabStore;
  readonly stream: Stream;
  readonly begin: VariantBegin;
  /** Further ways to go. */
  readonly children?: ComponentChildren;
}

export const Header = ({ store, stream, begin, children }: HeaderProps) => {
  const { mode, scenario, variant, engine, statusPage } = begin;
  const t = useLab(store, ({ ticks }) => Math.floor(ticks.at(-1)?.t ?? 0));
  return (
    <header class="lab-header">
      <div class="lab-row">
        <h1>{scenario.title}</h1>
        <LinkState stream={stream} />
      </div>
      <div class="lab-row">
        <p class="soft">
          {begin.variants.length > 1 && (
            <>
              <b>{variant}</b>,{' '}
            </>
          )}
          {engine === 'real' ? 'real processes' : 'virtual time'}
          {begin.durationS === null && `, ${t} s`}
        </p>
        <div class="lab-actions">
          {statusPage !== null && <a href={statusPage}>Status page</a>}
          {children}
          <OrderButton order={{ method: 'POST', path: 'stop', said: 'stopped' }}>Stop</OrderButton>
          {mode === 'run' && (
            <OrderButton order={{ method: 'POST', path: 'lab', said: 'the lab begins' }}>
              Back to the lab
            </OrderButton>
          )}
        </div>
      </div>
      <Progress store={store} begin={begin} />
      <Figures store={store} />
    </header>
  );
};

/** A run while it goes on: topology, curves, events, controls. When it has ended: its report. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ExerciseBox } from '../learn/exercise-box.js';
import { LearnView } from '../learn/learn-view.js';
import { Learner, useLearner } from '../learn/learner.js';
import type { ReportData } from '../report/report-data.js';
import { ReportView } from '../report/report-view.js';
import type { Source } from '../source.js';
import { unpack } from '../unpack.js';
import { Api } from './api.js';
import { AtWork } from './at-work.js';
import { idOf } from './controls/faults.js';
import { Controls } from './controls.js';
import { Curves } from './curves.js';
import { Desk, DeskProvider, OrderButton } from './desk.js';
import { Events } from './events.js';
import { Header, LinkState } from './header.js';
import './lab.css';
import { LabStore, useLab } from './store.js';
import { Stream } from './stream.js';
import type { Tab } from './tabs.js';
import { Topology } from './topology.js';

type Live = Extract<Source, { kind: 'live' }>;

interface Lab {
  readonly store: LabStore;
  readonly stream: Stream;
  readonly desk: Desk;
  readonly learner: Learner;
}

const openLab = ({ feed, api, isGuarded = false }: Live): Lab => {
  const store = new LabStore();
  const stream = new Stream(new URL(feed, location.href).href, (message) => {
    store.take(message);
    // Whoever streams ends: a page that asks again would say that something is broken.
    if (message.type === 'end' && message.final) stream.close();
  });
  const client = new Api(new URL(api, location.href).href, isGuarded);
  return { store, stream, desk: new Desk(client, store), learner: new Learner(client) };
};

/** Nothing runs, or nothing is known yet. */
const Pause = ({ lab }: { readonly lab: Lab }) => {
  const phase = useLab(lab.store, (state) => state.phase);
  const reason = useLab(lab.store, (state) => state.reason);
  return (
    <main class="lab lab-pause">
      <h1>badgateway lab</h1>
      <p>
        <LinkState stream={lab.stream} />
      </p>
      {phase === 'waiting' && <p class="soft">Waiting for the first news.</p>}
      {phase === 'idle' && <p>Nothing runs.</p>}
      {reason !== null && <p class="bad">✗ {reason}</p>}
      {phase !== 'waiting' && (
        <div class="lab-actions">
          <OrderButton kind="primary" order={{ method: 'POST', path: 'lab', said: 'the lab begins' }}>
            Start the lab
          </OrderButton>
        </div>
      )}
    </main>
  );
};

/** Ways from the lab to what there is to learn; none in the page of a single run. */
const Learn = ({ lab: { learner }, mode }: { readonly lab: Lab; readonly mode: 'lab' | 'run' }) => {
  const watched = useLearner(learner, (state) => state.watched);
  if (watched !== null && mode === 'run') {
    return (
      <button type="button" onClick={() => void learner.back(watched)}>
        Back to lesson {watched}
      </button>
    );
  }
  if (mode === 'run') return null;
  return (
    <>
      <button type="button" onClick={() => learner.go({ name: 'lesson', number: 1 })}>
        Guided tour
      </button>
      <button type="button" onClick={() => learner.go({ name: 'challenge', id: null })}>
        Challenge
      </button>
    </>
  );
};

const Running = ({ lab }: { readonly lab: Lab }) => {
  const { store, stream, learner } = lab;
  const begin = useLab(store, (state) => state.begin);
  const [tab, setTab] = useState<Tab>('Faults');
  const [target, setTarget] = useState('worker-1');
  const exercise = useLearner(learner, (state) => state.exercise);
  const root = useRef<HTMLElement>(null);
  if (begin === null) return null;
  /** From the topology: its controls come up, and the keyboard goes there. */
  const choose = (id: string): void => {
    setTarget(id);
    setTab('Faults');
    root.current?.querySelector<HTMLElement>('#lab-controls')?.focus();
  };
  return (
    <main class="lab" ref={root}>
      <Header store={store} stream={stream} begin={begin}>
        <Learn lab={lab} mode={begin.mode} />
      </Header>
      {exercise !== null && (
        <ExerciseBox key={exercise.title} store={store} learner={learner} exercise={exercise} />
      )}
      <section class="lab-stage" aria-label="Topology">
        <Topology store={store} shape={begin.topology} chosen={idOf(target)} choose={choose} />
        <AtWork store={store} />
      </section>
      <Controls
        key={`${begin.mode} ${begin.scenario.name} ${begin.variant}`}
        begin={begin}
        tab={tab}
        setTab={setTab}
        target={target}
        setTarget={setTarget}
      />
      <Curves store={store} />
      <Events store={store} />
    </main>
  );
};

/** @returns `null`: not yet. */
const useUnpacked = (packed: string): ReportData | null => {
  const [report, setReport] = useState<ReportData | null>(null);
  useEffect(() => {
    let isWanted = true;
    setReport(null);
    void unpack(packed).then((unpacked) => {
      if (isWanted) setReport(unpacked as ReportData);
    });
    return () => {
      isWanted = false;
    };
  }, [packed]);
  return report;
};

const Report = ({
  lab,
  packed,
  leave,
}: {
  readonly lab: Lab;
  readonly packed: string;
  readonly leave: () => void;
}) => {
  const phase = useLab(lab.store, (state) => state.phase);
  const report = useUnpacked(packed);
  const isFinal = lab.stream.isClosed;
  const watched = useLearner(lab.learner, (state) => state.watched);
  return (
    <>
      {!isFinal && (
        <nav class="lab-back screen" aria-label="Lab">
          {phase === 'running' ? (
            <button type="button" class="primary" onClick={leave}>
              Back to the lab
            </button>
          ) : (
            <OrderButton
              kind="primary"
              order={{ method: 'POST', path: 'lab', said: 'the lab begins' }}
              tell={(outcome) => {
                if (outcome.done) leave();
              }}
            >
              Back to the lab
            </OrderButton>
          )}
          {watched !== null && (
            <button
              type="button"
              onClick={() => {
                leave();
                void lab.learner.back(watched);
              }}
            >
              Back to lesson {watched}
            </button>
          )}
        </nav>
      )}
      {report === null ? <p role="status">The report is being unpacked.</p> : <ReportView report={report} />}
    </>
  );
};

const Shown = ({ lab }: { readonly lab: Lab }) => {
  const phase = useLab(lab.store, (state) => state.phase);
  const packed = useLab(lab.store, (state) => state.report);
  const place = useLearner(lab.learner, (state) => state.place);
  /** The report that the reader has left. */
  const [left, setLeft] = useState<string | null>(null);
  if (place.name !== 'lab') return <LearnView place={place} learner={lab.learner} store={lab.store} />;
  if (packed !== null && packed !== left) {
    return <Report lab={lab} packed={packed} leave={() => setLeft(packed)} />;
  }
  return phase === 'running' ? <Running lab={lab} /> : <Pause lab={lab} />;
};

export const LabView = ({ source }: { readonly source: Live }) => {
  const [lab] = useState(() => openLab(source));
  useEffect(() => {
    lab.stream.open();
    const unfollow = lab.learner.follow();
    return () => {
      unfollow();
      lab.stream.close();
    };
  }, [lab]);
  return (
    <DeskProvider value={lab.desk}>
      <Shown lab={lab} />
    </DeskProvider>
  );
};

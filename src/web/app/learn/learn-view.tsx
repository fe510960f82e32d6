/** The lessons and the challenge, in the place of the lab's page; the lab goes on behind them. */
import type { LabStore } from '../lab/store.js';
import { Challenge } from './challenge.js';
import './learn.css';
import type { Learner } from './learner.js';
import { Lessons } from './lessons.js';
import type { Place } from './place.js';

export interface LearnViewProps {
  readonly place: Exclude<Place, { readonly name: 'lab' }>;
  readonly learner: Learner;
  readonly store: LabStore;
}

export const LearnView = ({ place, learner, store }: LearnViewProps) =>
  place.name === 'challenge' ? (
    <Challenge learner={learner} />
  ) : (
    <Lessons number={place.number} learner={learner} store={store} />
  );

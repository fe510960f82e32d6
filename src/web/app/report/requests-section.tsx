/** A sample of the failed requests, to choose from: each tells why it failed. `#request-RAYID` links to one. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatDuration } from '../../../core/units.js';
import { Table } from '../parts/table.js';
import type { VariantData } from './report-data.js';
import { answerText, type Chosen, causeWords, RequestDetail } from './request-detail.js';

/** Rows of the list before somebody asks for all. */
const SHOWN_AT_FIRST = 40;

const PREFIX = '#request-';

const find = (all: readonly Chosen[], hash: string): Chosen | undefined => {
  if (!hash.startsWith(PREFIX)) return undefined;
  const id = decodeURIComponent(hash.slice(PREFIX.length));
  return (
    all.find(({ request }) => request.id === id) ?? all.find(({ request }) => request.rayIds.includes(id))
  );
};

const useHash = (): string => {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return hash;
};

type Key = 'variant' | 'answer' | 'cause';

const keysOf = ({ variant, request }: Chosen): Readonly<Record<Key, string>> => ({
  variant,
  answer: answerText(request),
  cause: causeWords(request),
});

interface FilterProps {
  readonly label: Key;
  readonly all: readonly Chosen[];
  readonly value: string;
  readonly choose: (value: string) => void;
}

const Filter = ({ label, all, value, choose }: FilterProps) => {
  const counts = new Map<string, number>();
  for (const one of all) {
    const key = keysOf(one)[label];
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  if (counts.size < 2) return null;
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">all</option>
        {[...counts]
          .sort(([, a], [, b]) => b - a)
          .map(([name, count]) => (
            <option key={name} value={name}>
              {name} ({count})
            </option>
          ))}
      </select>
    </label>
  );
};

const List = ({ all, chosen }: { readonly all: readonly Chosen[]; readonly chosen: Chosen | undefined }) => {
  const [isWhole, setWhole] = useState(false);
  const several = new Set(all.map(({ variant }) => variant)).size > 1;
  const shown = isWhole ? all : all.slice(0, SHOWN_AT_FIRST);
  return (
    <div>
      <Table
        label="Failed requests"
        head={['request', ...(several ? ['variant'] : []), 'at', 'took', 'answer', 'cause', 'tries']}
        rows={shown.map(({ variant, request }) => [
          <a
            key="link"
            class="mono"
            href={`${PREFIX}${encodeURIComponent(request.id)}`}
            aria-current={request.id === chosen?.request.id}
          >
            {request.rayIds.at(-1) ?? 'no Ray ID'}
          </a>,
          ...(several ? [variant] : []),
          `${(request.arrivalMs / 1_000).toFixed(2)}s`,
          formatDuration(request.tookMs),
          answerText(request),
          causeWords(request),
          String(request.tries),
        ])}
        words
      />
      {shown.length < all.length && (
        <p class="screen">
          <button type="button" onClick={() => setWhole(true)}>
            Show all {all.length}
          </button>
        </p>
      )}
    </div>
  );
};

export const RequestsSection = ({ variants }: { readonly variants: readonly VariantData[] }) => {
  const all = useMemo(
    () =>
      variants.flatMap(({ name, requests }) =>
        requests.map((request): Chosen => ({ variant: name, request })),
      ),
    [variants],
  );
  const [filter, setFilter] = useState<Readonly<Record<Key, string>>>({ variant: '', answer: '', cause: '' });
  const hash = useHash();
  const asked = find(all, hash);
  const shown = all.filter((one) => {
    const keys = keysOf(one);
    return (['variant', 'answer', 'cause'] as const).every(
      (key) => filter[key] === '' || filter[key] === keys[key],
    );
  });
  const chosen = asked ?? shown[0];
  const detail = useRef<HTMLElement>(null);
  useEffect(() => {
    if (asked !== undefined) detail.current?.scrollIntoView({ block: 'nearest' });
  }, [asked]);
  const sampled = variants.reduce((sum, one) => sum + one.sampled, 0);
  return (
    <section id="requests">
      <h2>Failed requests</h2>
      {all.length === 0 ? (
        <p>{sampled === 0 ? 'No request failed.' : 'None of them is in this page.'}</p>
      ) : (
        <>
          <p>
            A sample of {all.length}, spread over the run. Each tells why it failed, as a chain of what
            happened.
          </p>
          <div class="filters screen">
            {(['variant', 'answer', 'cause'] as const).map((key) => (
              <Filter
                key={key}
                label={key}
                all={all}
                value={filter[key]}
                choose={(value) => setFilter({ ...filter, [key]: value })}
              />
            ))}
          </div>
          <div class="master-detail">
            <List all={shown} chosen={chosen} />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it may scroll by itself, also by keyboard. */}
            <section class="detail" ref={detail} aria-label="Why it failed" tabIndex={0}>
              {chosen !== undefined && <RequestDetail {...chosen} />}
            </section>
          </div>
        </>
      )}
    </section>
  );
};

/** A table that scrolls by itself where it is wider than the page, also by keyboard. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface TableProps {
  /** What it is of, for whoever cannot see where it stands. */
  readonly label: string;
  readonly head: readonly ComponentChildren[];
  /** The first cell of a row says what the row is about. */
  readonly rows: readonly (readonly ComponentChildren[])[];
  /** Cells are sentences rather than numbers. */
  readonly words?: boolean;
}

/** A part of the page that may be wider than its place. */
export const Scroll = ({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) => {
  const box = useRef<HTMLDivElement>(null);
  const [isWide, setWide] = useState(false);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void =>
      setWide(element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    // A box of a greatest height stays as it is when what it holds grows.
    for (const one of [element, ...element.children]) observer.observe(one);
    return () => observer.disconnect();
  }, []);
  return (
    <section
      class="scroll"
      ref={box}
      // What scrolls has to be reached by keyboard; what does not, need not.
      tabIndex={isWide ? 0 : undefined}
      aria-label={isWide ? label : undefined}
    >
      {children}
    </section>
  );
};

export const Table = ({ label, head, rows, words = false }: TableProps) => (
  <Scroll label={label}>
    <table class={words ? 'words' : 'numbers'}>
      {head.some((cell) => cell !== '') && (
        <thead>
          <tr>
            {head.map((cell, index) =>
              cell === '' ? (
                <td key={index} />
              ) : (
                <th key={index} scope="col">
                  {cell}
                </th>
              ),
            )}
          </tr>
        </thead>
      )}
      <tbody>
        {rows.map((row, at) => (
          <tr key={at}>
            {row.map((cell, index) =>
              index === 0 ? (
                <th key={index} scope="row">
                  {cell}
                </th>
              ) : (
                <td key={index}>{cell}</td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

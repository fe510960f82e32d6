/** Markdown as the lessons have it: paragraphs, lists, tables; code, bold, emphasis. Links lead to pages that are not here. */
import type { ComponentChildren } from 'preact';
import { Table } from '../parts/table.js';

const MARKS = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*|\[[^\]]+\]\([^)]+\))/;

const markOf = (text: string, key: number): ComponentChildren => {
  if (text.startsWith('`')) return <code key={key}>{text.slice(1, -1)}</code>;
  if (text.startsWith('**')) return <b key={key}>{text.slice(2, -2)}</b>;
  if (text.startsWith('*')) return <em key={key}>{text.slice(1, -1)}</em>;
  return text.replace(/^\[([^\]]+)\].*$/, '$1');
};

/** A text within a line. */
export const Inline = ({ text }: { readonly text: string }) => (
  <>{text.split(MARKS).map((part, index) => (index % 2 === 1 ? markOf(part, index) : part))}</>
);

const cellsOf = (row: string): string[] =>
  row
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());

const Block = ({ text }: { readonly text: string }) => {
  const rows = text.split('\n');
  if (text.startsWith('|')) {
    const [head = '', , ...body] = rows;
    const cells = (row: string) => cellsOf(row).map((cell) => <Inline key={cell} text={cell} />);
    return <Table label="Table" head={cells(head)} rows={body.map(cells)} words />;
  }
  if (text.startsWith('- ')) {
    return (
      <ul>
        {text.split(/\n(?=- )/).map((item) => (
          <li key={item}>
            <Inline text={item.slice(2).replace(/\s*\n\s*/g, ' ')} />
          </li>
        ))}
      </ul>
    );
  }
  return (
    <p>
      <Inline text={rows.join(' ')} />
    </p>
  );
};

export const Markdown = ({ text }: { readonly text: string }) => (
  <>
    {text
      .trim()
      .split(/\n\n+/)
      .map((block) => (
        <Block key={block} text={block} />
      ))}
  </>
);

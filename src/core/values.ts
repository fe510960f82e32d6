/** Values of metrics: of what kind they are, and how they are written. */
import { formatDuration, formatMebibytes, formatRatio } from './units.js';

/** What a value counts. `scalar` is a plain number, which may multiply anything. */
export type Kind = 'ratio' | 'rate' | 'duration' | 'size' | 'count' | 'scalar';

/** A value as a person would write it. What never happened is at infinity. */
export const formatValue = (value: number, kind: Kind): string => {
  if (!Number.isFinite(value)) return value > 0 ? 'never' : 'no value';
  switch (kind) {
    case 'ratio':
      return value < 0 ? `-${formatRatio(-value)}` : formatRatio(value);
    case 'rate':
      return `${value.toFixed(1)}/s`;
    case 'duration':
      return value < 0 ? `-${formatDuration(-value)}` : formatDuration(value);
    case 'size':
      return formatMebibytes(value);
    case 'count':
      return String(Number(value.toFixed(1)));
    case 'scalar':
      return String(Number(value.toFixed(2)));
  }
};

/** A value with as many digits as tell it from a neighbour. */
export const formatExactly = (value: number, kind: Kind): string => {
  if (!Number.isFinite(value)) return formatValue(value, kind);
  switch (kind) {
    case 'ratio':
      return `${Number((value * 100).toPrecision(8))}%`;
    case 'rate':
      return `${Number(value.toPrecision(8))}/s`;
    case 'duration':
      return `${Number(value.toPrecision(8))}ms`;
    case 'size':
      return `${Number(value.toPrecision(12))}B`;
    case 'count':
    case 'scalar':
      return String(Number(value.toPrecision(8)));
  }
};

/** Colours of the style sheet for what is drawn on a canvas, and patterns made of them. */
import type { Pattern } from './palette.js';

/** @param name a variable of `style.css`, without its dashes. */
export const themeColor = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const QUERIES = ['(prefers-color-scheme: dark)', 'print'];

/** Light, dark or paper: calls back when the colours are others. @returns what ends it. */
export const onThemeChange = (changed: () => void): (() => void) => {
  const queries = QUERIES.map((query) => matchMedia(query));
  for (const query of queries) query.addEventListener('change', changed);
  addEventListener('beforeprint', changed);
  return () => {
    for (const query of queries) query.removeEventListener('change', changed);
    removeEventListener('beforeprint', changed);
  };
};

const TILE = 8;

type Drawing = (context: CanvasRenderingContext2D) => void;

const DRAWINGS: Readonly<Record<Exclude<Pattern, 'plain'>, Drawing>> = {
  rising: (context) => {
    context.moveTo(-2, 2);
    context.lineTo(2, -2);
    context.moveTo(0, TILE);
    context.lineTo(TILE, 0);
    context.moveTo(TILE - 2, TILE + 2);
    context.lineTo(TILE + 2, TILE - 2);
  },
  falling: (context) => {
    context.moveTo(-2, TILE - 2);
    context.lineTo(2, TILE + 2);
    context.moveTo(0, 0);
    context.lineTo(TILE, TILE);
    context.moveTo(TILE - 2, -2);
    context.lineTo(TILE + 2, 2);
  },
  dots: (context) => {
    for (const [x, y] of [
      [2, 2],
      [6, 6],
    ] as const) {
      context.moveTo(x + 0.7, y);
      context.arc(x, y, 0.7, 0, Math.PI * 2);
    }
  },
  level: (context) => {
    context.moveTo(0, TILE / 2);
    context.lineTo(TILE, TILE / 2);
  },
  upright: (context) => {
    context.moveTo(TILE / 2, 0);
    context.lineTo(TILE / 2, TILE);
  },
};

const tiles = new Map<string, CanvasPattern | string>();

/** A colour, hatched. @param ratio pixels of the device for one of the page. */
export const hatched = (color: string, pattern: Pattern, ratio: number): CanvasPattern | string => {
  if (pattern === 'plain') return color;
  const key = `${color} ${pattern} ${ratio}`;
  const known = tiles.get(key);
  if (known !== undefined) return known;
  const tile = document.createElement('canvas');
  tile.width = TILE * ratio;
  tile.height = TILE * ratio;
  const context = tile.getContext('2d');
  if (context === null) return color;
  context.scale(ratio, ratio);
  context.fillStyle = color;
  context.fillRect(0, 0, TILE, TILE);
  context.strokeStyle = themeColor('hatch');
  context.lineWidth = 1.2;
  context.beginPath();
  DRAWINGS[pattern](context);
  context.stroke();
  const made = context.createPattern(tile, 'repeat') ?? color;
  tiles.set(key, made);
  return made;
};

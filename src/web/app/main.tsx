/** The page: begins with what stands in it. */
import { render } from 'preact';
import { App } from './app.js';
import type { Source } from './source.js';
import './style.css';

const root = document.getElementById('app');
const source = document.getElementById('source');
if (root === null || source === null) throw new Error('the page has no place for the app, or no source');
render(<App source={JSON.parse(source.textContent ?? '') as Source} />, root);

/**
 * Makes the page's script and style, one file of each, from `app/`: `dist/web/app.js` and `dist/web/app.css`. Run by
 * `npm run build` after the compiler. What a browser gets is written into the page itself, so that it loads nothing.
 */
import { build } from 'esbuild';

const here = new URL('.', import.meta.url).pathname;

await build({
  entryPoints: { app: `${here}app/main.tsx` },
  outdir: `${here}../../dist/web`,
  bundle: true,
  minify: true,
  format: 'iife',
  // Browsers of the last years; a file of somebody else's is opened with what is there.
  target: ['es2022', 'chrome109', 'firefox115', 'safari16'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  // `</script>` and the like in a string must not end the script that it stands in.
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
});

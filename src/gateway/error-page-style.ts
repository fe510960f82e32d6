/** How the error page looks: colours for light and dark, three hops side by side or below each other, and print. */
import type { Hop } from './error-story.js';

export const STYLE = `
:root{color-scheme:light dark;--text:#1c2329;--soft:#56616b;--line:#d3d9de;--page:#fff;--card:#f6f8f9;--good:#17703a;--bad:#b3261e;--bad-card:#fdf1f0;--link:#0b5cad;--button:#1c2329;--button-text:#fff}
@media(prefers-color-scheme:dark){:root{--text:#e8ebee;--soft:#a3adb6;--line:#39434c;--page:#13171a;--card:#1b2126;--good:#5ecb85;--bad:#ff8a80;--bad-card:#2b1a1a;--link:#7cb7f5;--button:#e8ebee;--button-text:#13171a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:50rem;margin:0 auto;padding:clamp(1.5rem,6vw,4rem) 1.25rem}
header{display:flex;align-items:center;gap:1.25rem}
.code{margin:0;font-size:clamp(2.6rem,9vw,4rem);font-weight:700;line-height:1;letter-spacing:-.03em;color:var(--bad);font-variant-numeric:tabular-nums}
h1{margin:0;font-size:clamp(1.35rem,4.5vw,1.9rem);line-height:1.2;font-weight:650}
.sub{display:block;margin-top:.3rem;font-size:.95rem;font-weight:400;line-height:1.4;color:var(--soft)}
.hops{--gap:2.5rem;list-style:none;display:flex;margin:2.25rem 0;padding:0;gap:var(--gap)}.hops.via{--gap:1.25rem}
.hops li{position:relative;flex:1 1 0;min-width:0;padding:1.1rem .75rem 1rem;text-align:center;background:var(--card);border:1px solid var(--line);border-radius:10px}
.hops li+li::before{content:"";position:absolute;left:calc(-1*var(--gap));top:50%;width:calc(var(--gap) - 2px);border-top:2px solid var(--line)}
.hops li.bad{background:var(--bad-card);border:2px solid var(--bad)}
.hops li.bad::before,.hops li.none::before{border-top-style:dashed}
.hops svg{display:block;width:2.4rem;height:2.4rem;margin:0 auto .45rem;fill:none;stroke:var(--soft);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.hops li.bad svg{stroke:var(--bad)}
.hops b{display:block}
.name{display:block;color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
.state{display:block;margin-top:.35rem;font-weight:600;color:var(--soft)}
.good .state{color:var(--good)}.bad .state{color:var(--bad)}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:.5rem 2.5rem}
h2{margin:.5rem 0 .25rem;font-size:1.05rem}
p{margin:.25rem 0}a{color:var(--link)}
.recovery{margin:1.25rem 0;padding:.8rem 1rem;background:var(--card);border-left:4px solid var(--line);border-radius:0 8px 8px 0}
.recovery b{margin-right:.35rem}
form{margin:1.5rem 0}label{display:block;color:var(--soft);font-size:.92rem;margin-bottom:.35rem}
.row{display:flex;flex-wrap:wrap;gap:.6rem}
.row input{flex:1 1 14rem;min-width:0;padding:.55rem .7rem;font:inherit;color:inherit;background:var(--page);border:1px solid var(--soft);border-radius:7px}
button{padding:.55rem 1.1rem;font:inherit;font-weight:600;color:var(--button-text);background:var(--button);border:0;border-radius:7px;cursor:pointer}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
footer{margin-top:2.25rem;padding-top:.9rem;border-top:1px solid var(--line);color:var(--soft);font-size:.9rem}
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:.6rem 0 0}dt{font-size:.8rem}dd{margin:0;color:var(--text);overflow-wrap:anywhere}
code{font:.93em ui-monospace,SFMono-Regular,Menlo,monospace}
@media(max-width:36rem){.hops,.hops.via{--gap:1.1rem;flex-direction:column}.hops li{display:grid;grid-template-columns:2.4rem 1fr auto;column-gap:.9rem;align-items:center;text-align:left;padding:.8rem 1rem}
.hops svg{grid-row:1/3;margin:0}.hops b{align-self:end}.name{grid-column:2;grid-row:2;align-self:start}.state{grid-column:3;grid-row:1/3;margin:0}
.hops li+li::before{left:2.2rem;top:calc(-1*var(--gap));width:0;height:calc(var(--gap) - 1px);border-top:0;border-left:2px solid var(--line)}.hops li.bad::before,.hops li.none::before{border-left-style:dashed}}
@media print{:root{--text:#000;--soft:#333;--page:#fff;--card:#fff;--bad-card:#fff;--good:#000;--bad:#000;--link:#000}form{display:none}main{padding:0}}`.replaceAll(
  '\n',
  '',
);

const icon = (shapes: string): string => `<svg viewBox="0 0 24 24" aria-hidden="true">${shapes}</svg>`;

/** A screen, a cloud, a way in and out, a server. */
export const ICONS: Readonly<Record<Hop | 'edge', string>> = {
  edge: icon(
    '<path d="M7 18.500a4.500 4.500 0 0 1-.6-8.960 6 6 0 0 1 11.500 1.100A4 4 0 0 1 17.500 18.500z"/>',
  ),
  you: icon('<rect x="2.5" y="4" width="19" height="13" rx="1.5"/><path d="M8.5 20.5h7M12 17v3.5"/>'),
  gateway: icon(
    '<path d="M12 2.5l8 3v6c0 5-3.4 8.4-8 10-4.6-1.6-8-5-8-10v-6z"/><path d="M8 10h8m-2.5-2.500L16 10M16 14H8m2.5 2.500L8 14"/>',
  ),
  host: icon(
    '<rect x="3.5" y="3.5" width="17" height="7" rx="1.5"/><rect x="3.5" y="13.5" width="17" height="7" rx="1.5"/><path d="M7 7h.01M7 17h.01M11 7h6M11 17h6"/>',
  ),
};

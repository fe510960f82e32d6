/** How the status page looks: light, dark, narrow, print. Colours are safe for colour-blind eyes, and signs say the same. */

export const STYLE = `
:root{color-scheme:light dark;--text:#1c2329;--soft:#56616b;--line:#d9dee3;--page:#fff;--card:#f6f8f9;--link:#0b5cad;--ok:#17703a;--minor:#8a5a00;--major:#b34700;--bad:#b3261e;--none:#5f6a73;--ok-bar:#2f9e63;--minor-bar:#e0a82e;--major-bar:#dd7427;--bad-bar:#b3261e;--none-bar:#b9c1c8}
@media(prefers-color-scheme:dark){:root{--text:#e8ebee;--soft:#a3adb6;--line:#39434c;--page:#13171a;--card:#1b2126;--link:#7cb7f5;--ok:#5ecb85;--minor:#e7bd5c;--major:#ff9f5f;--bad:#ff8a80;--none:#a3adb6;--ok-bar:#3fae72;--minor-bar:#e0b44a;--major-bar:#f08a45;--bad-bar:#ff6b60;--none-bar:#4a545d}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:52rem;margin:0 auto;padding:clamp(1.25rem,5vw,3rem) 1.25rem 3rem}
h1{margin:0;font-size:clamp(1.4rem,4.5vw,1.9rem);line-height:1.2}
h2{margin:2.25rem 0 .75rem;font-size:1.2rem}h3{margin:0;font-size:1rem}
p{margin:.25rem 0}.soft,.detail,.scale,.when,.about,.affected,.news,footer{color:var(--soft)}
a{color:var(--link)}:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.banner{margin:1.5rem 0 0;padding:1rem 1.2rem;border-radius:10px;background:var(--card);border:1px solid var(--line);border-left:6px solid var(--none-bar);display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;justify-content:space-between}
.overall{font-size:1.2rem;font-weight:650}
.banner.operational{border-left-color:var(--ok-bar)}.banner.degraded_performance{border-left-color:var(--minor-bar)}.banner.partial_outage{border-left-color:var(--major-bar)}.banner.major_outage{border-left-color:var(--bad-bar)}
.operational .overall,.state.operational{color:var(--ok)}.degraded_performance .overall,.state.degraded_performance{color:var(--minor)}
.partial_outage .overall,.state.partial_outage{color:var(--major)}.major_outage .overall,.state.major_outage{color:var(--bad)}.state.unknown{color:var(--none)}
.group{margin:0 0 1rem}.group h3{font-size:.85rem;font-weight:600;color:var(--soft);margin:0 0 .3rem}
ul,ol{list-style:none;margin:0;padding:0}
.components{border:1px solid var(--line);border-radius:10px}.components li{padding:.8rem 1rem .5rem}.components li+li{border-top:1px solid var(--line)}
.line{display:flex;flex-wrap:wrap;gap:.1rem 1rem;justify-content:space-between}.detail{margin-left:.6rem;font-size:.9rem}
.state{font-weight:600}
.bars{display:block;width:100%;height:28px;margin-top:.5rem}
rect.operational{fill:var(--ok-bar)}rect.degraded_performance{fill:var(--minor-bar)}rect.partial_outage{fill:var(--major-bar)}rect.major_outage{fill:var(--bad-bar)}rect.unknown{fill:var(--none-bar)}
.scale{display:flex;justify-content:space-between;gap:1rem;font-size:.8rem}
.incident{margin:0 0 1rem;padding:1rem 1.2rem;border:1px solid var(--line);border-left:6px solid var(--none-bar);border-radius:10px}
.incident.minor{border-left-color:var(--minor-bar)}.incident.major{border-left-color:var(--major-bar)}.incident.critical{border-left-color:var(--bad-bar)}
.incident h3{display:flex;flex-wrap:wrap;gap:.2rem .6rem;align-items:baseline;font-size:1.08rem}.badge{padding:.05rem .55rem;border:1px solid var(--line);border-radius:99px;font-size:.8rem;font-weight:500;color:var(--soft)}
.about,.affected{font-size:.9rem}
.updates{margin-top:.8rem;border-left:2px solid var(--line)}.updates li{position:relative;padding:.1rem 0 .6rem 1.1rem}
.updates li::before{content:"";position:absolute;left:-5px;top:.6rem;width:8px;height:8px;border-radius:50%;background:var(--soft)}
.when{display:block;font-size:.8rem;font-variant-numeric:tabular-nums}
summary{cursor:pointer}.reports{margin:.4rem 0 0;font-size:.9rem}code{font:.93em ui-monospace,SFMono-Regular,Menlo,monospace}
form{margin:1.5rem 0;display:grid;gap:.4rem;max-width:32rem}label{margin-top:.6rem}
input{padding:.55rem .7rem;font:inherit;color:inherit;background:var(--page);border:1px solid var(--soft);border-radius:7px;min-width:0}
button{justify-self:start;margin-top:.8rem;padding:.55rem 1.3rem;font:inherit;font-weight:600;color:var(--page);background:var(--text);border:0;border-radius:7px;cursor:pointer}
footer{margin-top:2.5rem;padding-top:.9rem;border-top:1px solid var(--line);font-size:.9rem}
@media print{:root{--page:#fff;--card:#fff;--text:#000;--soft:#333}.incident,.components li{break-inside:avoid}footer{display:none}}`.replaceAll(
  '\n',
  '',
);

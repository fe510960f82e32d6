/**
 * `npm run bench:lab`: what a lab costs the gateway while its page is open, whether it keeps up, and how soon its page paints
 * what a click or a key has changed: 1,000 requests a second, eight workers. Spans with one page open and with none take
 * turns; of each pair the ratio of the gateway's processor time for a request counts. The two spans of a pair change places
 * from one pair to the next, so that what grows with time does not count for one of them.
 *
 * Exit codes: 0, both demands are met; 99, one is not; 98, the machine did not keep up, or the figures are too uncertain.
 * PAIRS, RATE and ROUNDS (of inputs) make it shorter or longer.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { EXIT_CODES, estimateRatio, Program, Reaper } from 'badgateway';
import { type InputTimes, measureInputs, missingBrowser } from './lab-input.js';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

const PAIRS = Number(process.env.PAIRS ?? 12);
const SPAN_MS = 4_000;
/** A page that has just come gets what there was, and a gateway warms up. */
const SETTLE_MS = 1_000;
const WARM_UP_MS = 8_000;
const START_WITHIN_MS = 30_000;
const STOP_GRACE_MS = 5_000;
const CONFIDENCE = 0.95;
/** Nothing is wrong in this lab: with fewer good answers it is the machine that is. */
const MIN_GOOD_RATIO = 0.95;
/** A quarter of a second that takes longer, one in a hundred, has waited for a processor. */
const MAX_TICK_MS = 300;
/** Processor time in /proc/PID/stat is in hundredths of a second (proc(5)). */
const TICK_MS = 10;

const RATE = Number(process.env.RATE ?? 1_000);
/** Of 22 inputs each. */
const ROUNDS = Number(process.env.ROUNDS ?? 4);

/** What an open page may cost the gateway, of what it takes without one. */
const MAX_COST_RATIO = 1.05;
/** Between the ends of an interval that says something; twelve pairs on a quiet machine came to 0.10. */
const MAX_WIDTH = 0.15;
/** From an input until what it changed is painted. */
const MAX_INPUT_MS = 200;

const LAB = [`load.stages=[{"rate":"${RATE}/s","for":"1m"}]`, 'load.arrivals=constant', 'fleet.workers=8'];
const QUICK = ['fleet.maxWorkers=8', 'fleet.serviceTime.mean=20ms', 'fleet.dependencies={}'];

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const statOf = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

const cpuMs = (pid: number): number => {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
};

const gatewayOf = (parent: number): number => {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => {
      try {
        const isChild = Number(statOf(Number(pid))[1]) === parent;
        return isChild && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('gateway/process.js');
      } catch {
        return false;
      }
    });
  if (found === undefined) throw new Error('the lab has no gateway');
  return Number(found);
};

interface SeenTick {
  readonly t: number;
  readonly status: Readonly<Record<string, number>>;
  readonly spanMs: number;
  readonly offered: number;
  readonly ok: number;
}

/** One page. @returns what it has seen, when it is left. */
const openPage = (feed: string) => {
  const leaving = new AbortController();
  const ticks: SeenTick[] = [];
  const read = async (): Promise<void> => {
    const response = await fetch(feed, { signal: leaving.signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const [, data] = /^event: tick\n.*\ndata: (.*)$/m.exec(event) ?? [];
        if (data !== undefined) ticks.push(JSON.parse(data) as SeenTick);
      }
    }
  };
  const over = read().catch(() => {});
  return {
    leave: async () => {
      leaving.abort();
      await over;
      return ticks;
    },
  };
};

interface Span {
  /** When it began, on this process's clock. */
  readonly fromMs: number;
  readonly gatewayMs: number;
  readonly labMs: number;
}

interface Pair {
  readonly open: Span;
  readonly closed: Span;
}

interface Lab {
  readonly url: string;
  readonly feed: string;
  readonly pid: number;
  readonly gateway: number;
}

const measureSpan = async ({ feed, pid, gateway }: Lab, open: boolean): Promise<Span> => {
  const page = open ? openPage(feed) : null;
  await wait(SETTLE_MS);
  const fromMs = performance.now();
  const before = [cpuMs(gateway), cpuMs(pid)] as const;
  await wait(SPAN_MS);
  const span = { fromMs, gatewayMs: cpuMs(gateway) - before[0], labMs: cpuMs(pid) - before[1] };
  await page?.leave();
  return span;
};

const share = (ms: number): string => `${((100 * ms) / SPAN_MS).toFixed(1)} %`;

const estimateText = (ratios: readonly number[]): string => {
  const { value, low, high } = estimateRatio(ratios, CONFIDENCE);
  return `${value.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`;
};

type Judged = 'met' | 'not met' | 'not known' | 'skipped';

interface Demand {
  readonly demand: string;
  readonly measured: string;
  readonly judged: Judged;
}

/** Not met is what is surely above; what may be either is not known. */
const judgeCost = (ratios: readonly number[], keptUp: boolean): Demand => {
  const demand = `an open page costs the gateway less than ${Math.round((MAX_COST_RATIO - 1) * 100)} %`;
  if (ratios.length === 0) return { demand, measured: 'nothing', judged: 'not known' };
  const { value, low, high } = estimateRatio(ratios, CONFIDENCE);
  const measured = `${estimateText(ratios)} times`;
  if (!keptUp || high - low > MAX_WIDTH) return { demand, measured, judged: 'not known' };
  if (value < MAX_COST_RATIO) return { demand, measured, judged: 'met' };
  return { demand, measured, judged: low >= MAX_COST_RATIO ? 'not met' : 'not known' };
};

const judgeInputs = (times: InputTimes | null, keptUp: boolean): Demand => {
  const demand = `an input is painted within ${MAX_INPUT_MS} ms`;
  if (times === null) return { demand, measured: missingBrowser ?? '', judged: 'skipped' };
  const { inputs, medianMs, p95Ms, longestMs, judgedMs } = times;
  const measured = `${judgedMs} ms (${inputs} inputs: median ${medianMs}, p95 ${p95Ms}, longest ${longestMs})`;
  if (judgedMs < MAX_INPUT_MS) return { demand, measured, judged: 'met' };
  return { demand, measured, judged: keptUp ? 'not met' : 'not known' };
};

const tellDemands = (demands: readonly Demand[]): void => {
  const lines = demands.map(({ demand, measured, judged }) => `| ${demand} | ${measured} | ${judged} |`);
  process.stdout.write(['', '| demand | measured | |', '|---|---|---|', ...lines, ''].join('\n'));
  if (demands.some(({ judged }) => judged === 'not met')) process.exitCode = EXIT_CODES.failed;
  else if (demands.some(({ judged }) => judged === 'not known')) process.exitCode = EXIT_CODES.inconclusive;
};

const measure = async (lab: Lab): Promise<void> => {
  await wait(WARM_UP_MS);
  const pairs: Pair[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const first = await measureSpan(lab, pair % 2 === 0);
    const second = await measureSpan(lab, pair % 2 === 1);
    const [open, closed] = pair % 2 === 0 ? [first, second] : [second, first];
    pairs.push({ open, closed });
    const told = `gateway ${share(open.gatewayMs)} open, ${share(closed.gatewayMs)} closed`;
    process.stdout.write(`${told}; the lab itself ${share(open.labMs)}, ${share(closed.labMs)}\n`);
  }
  const page = openPage(lab.feed);
  await wait(SETTLE_MS);
  const ticks = await page.leave();
  const { ratios, keptUp } = tell(pairs, ticks, performance.now() - ticks.at(-1)!.t * 1000);
  // After the other, whose spans without a page have none in them.
  const times = missingBrowser === null ? await measureInputs(lab.url, ROUNDS) : null;
  tellDemands([judgeCost(ratios, keptUp), judgeInputs(times, keptUp)]);
};

/** @param originMs when the load began, on this process's clock; to a quarter of a second. */
const tell = (
  pairs: readonly Pair[],
  ticks: readonly SeenTick[],
  originMs: number,
): { readonly ratios: readonly number[]; readonly keptUp: boolean } => {
  const within = ({ fromMs }: Span) =>
    ticks.filter(({ t }) => t * 1000 + originMs > fromMs && t * 1000 + originMs <= fromMs + SPAN_MS);
  const endedIn = (span: Span): number =>
    within(span)
      .flatMap(({ status }) => Object.values(status))
      .reduce((sum, count) => sum + count, 0);
  const served = pairs.filter(({ open, closed }) => endedIn(open) > 0 && endedIn(closed) > 0);
  const ratioOf = (key: 'gatewayMs' | 'labMs'): number[] =>
    served.map(({ open, closed }) => open[key] / endedIn(open) / (closed[key] / endedIn(closed)));
  const all = pairs.flatMap(({ open, closed }) => [...within(open), ...within(closed)]);
  const sum = (key: 'offered' | 'ok' | 'spanMs'): number => all.reduce((total, tick) => total + tick[key], 0);
  const seconds = sum('spanMs') / 1000;
  const spans = all.map(({ spanMs }) => spanMs).sort((a, b) => a - b);
  const p99Ms = spans[Math.floor(spans.length * 0.99)];
  const rates = `offered ${(sum('offered') / seconds).toFixed(0)}/s, good ${(sum('ok') / seconds).toFixed(0)}/s`;
  const lines = [
    `processor time of the gateway for a request, page open to closed: ${estimateText(ratioOf('gatewayMs'))}`,
    `of the lab's own process: ${estimateText(ratioOf('labMs'))}`,
    `${all.length} ticks: ${rates}; p99 of a tick's length ${p99Ms} ms (meant: 250)`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const isGood = sum('ok') / seconds >= RATE * MIN_GOOD_RATIO;
  const keptUp = isGood && (p99Ms ?? 0) <= MAX_TICK_MS;
  if (!keptUp) {
    process.stdout.write('The machine did not keep up: these figures say nothing. Let it do nothing else.\n');
  }
  return { ratios: ratioOf('gatewayMs'), keptUp };
};

const main = async (): Promise<void> => {
  const reaper = new Reaper();
  const set = [...LAB, ...QUICK].flatMap((one) => ['--set', one]);
  const args = [CLI, 'serve', '--port', '0', '--json', '--quiet', ...set];
  const lab = new Program({ name: 'lab', command: process.execPath, args, reaper });
  try {
    const [line] = await lab.says(/\{.*\}/, START_WITHIN_MS);
    const { url, feedUrl, pid } = JSON.parse(line) as { url: string; feedUrl: string; pid: number };
    await wait(WARM_UP_MS);
    await measure({ url, feed: feedUrl, pid, gateway: gatewayOf(pid) });
  } finally {
    await lab.stop(STOP_GRACE_MS);
    await reaper.stop();
  }
};

await main();

/**
 * The verbs and their flags. stdout is the result, stderr the progress. Flags beat environment variables
 * (`BADGATEWAY_SEED`, …), which beat the scenario file.
 */
import { cac } from 'cac';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { packageVersion } from '../core/package-version.js';
import { benchCommand } from './bench.js';
import { challengeCommand } from './challenge.js';
import { compareCommand } from './compare.js';
import { doctorCommand } from './doctor.js';
import { explainCommand } from './explain.js';
import { exportCommand } from './export.js';
import { gatewayCommand } from './gateway.js';
import { annotateError } from './github.js';
import { importCommand } from './import.js';
import { initScenario } from './init.js';
import { learnCommand } from './learn.js';
import { listScenarios } from './list.js';
import { reportCommand } from './report.js';
import { runCommand } from './run.js';
import { printSchema } from './schema.js';
import { serveCommand } from './serve.js';
import { sweepCommand } from './sweep.js';
import { validateFiles } from './validate.js';

const VERSION = packageVersion();

/** Flags that may be given as `BADGATEWAY_…`. */
const FROM_ENVIRONMENT = [
  'engine',
  'seed',
  'repeat',
  'vary',
  'seeds',
  'metric',
  'resume',
  'threads',
  'variant',
  'target',
  'workersAt',
  'statusPage',
  'set',
  'out',
  'json',
  'quiet',
  'config',
  'processes',
  'host',
  'port',
  'adminPort',
  'adminHost',
  'adminToken',
  'token',
] as const;

/** `adminPort` → `BADGATEWAY_ADMIN_PORT`. */
const variableOf = (flag: string): string =>
  `BADGATEWAY_${flag.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

const withEnvironment = (flags: Record<string, unknown>): Record<string, unknown> => {
  const merged = { ...flags };
  for (const name of FROM_ENVIRONMENT) {
    const value = process.env[variableOf(name)];
    if (value !== undefined && value !== '') merged[name] ??= value;
  }
  return merged;
};

/** @returns the exit code. */
export const main = async (args: readonly string[]): Promise<number> => {
  const cli = cac('badgateway');
  cli.version(VERSION);
  cli.help();
  cli
    .command('run <scenario>', 'Run a scenario: a bundled name or a file')
    .option(
      '--engine <name>',
      'real (default): processes and sockets; virtual: models of them, in virtual time, the same at every run',
    )
    .option('--variant <names>', 'Only these variants, comma-separated')
    .option(
      '--target <names>',
      'What stands in the gateway’s place: gateway (default), naive, direct, nginx, haproxy, caddy, envoy, or the address of a gateway that runs already; several with commas, side by side',
    )
    .option(
      '--workers-at <ports>',
      'With an address as --target: where that gateway looks for the workers, such as 9001,9002',
    )
    .option(
      '--config <file>',
      'Your own config of the proxy that --target names; docs/targets.md has its places',
    )
    .option(
      '--map <text=place>',
      'What an address in that config means: 10.0.0.7:8080=worker-1, *:80=listen (repeatable)',
    )
    .option('--seed <number>', 'Seed of all randomness, instead of the one in the file')
    .option('--set <path=value>', 'Change one value of the scenario, such as load.scale=0.5 (repeatable)')
    .option(
      '--repeat <number>',
      'Run it so often, each time with the next seed: medians, ranges, and what differs by more than chance',
    )
    .option(
      '--out <kind=file>',
      'Write the result: json=FILE, junit=FILE, html=FILE, md=FILE, csv=FILE (repeatable)',
    )
    .option('--remote', 'Allow upstreams and a gateway of your own that are not on this machine')
    .option('--status-page [port]', 'A status page on a process of its own, up while the run goes on')
    .option('--json', 'Print the result as JSON on stdout')
    .option('--open', 'Show the page with the curves in a browser')
    .option('--quiet', 'No progress on stderr')
    .action((scenario: string, flags: Record<string, unknown>) =>
      runCommand(scenario, withEnvironment(flags)),
    );
  cli
    .command('serve [scenario]', 'Open a lab: gateway, workers, load and a page to watch and disturb them')
    .option('--variant <name>', 'Which variant of the scenario; default: its first')
    .option('--target <name>', 'What stands in the gateway’s place; default gateway')
    .option('--seed <number>', 'Seed of all randomness, instead of the one in the file')
    .option('--set <path=value>', 'Change one value of the scenario, such as load.scale=10 (repeatable)')
    .option('--port <number>', 'Port of the page and its API; default 8088; 0: a free one')
    .option('--status-page <port>', 'Port of the status page, a process of its own; default: a free one')
    .option('--host <address>', 'Where they listen; default 127.0.0.1')
    .option(
      '--token <text>',
      'Token that they ask for; needed anywhere but on loopback. Rather BADGATEWAY_TOKEN: an argument is seen by all',
    )
    .option('--open', 'Show the page in a browser')
    .option('--json', 'Print the addresses as JSON on stdout')
    .option('--quiet', 'Nothing on stderr but errors')
    .action((scenario: string | undefined, flags: Record<string, unknown>) =>
      serveCommand(scenario, withEnvironment(flags)),
    );
  cli
    .command(
      'sweep <scenario>',
      'Run a scenario over a grid of its values, in virtual time: where does it break?',
    )
    .option(
      '--vary <path=values>',
      'What is varied: load.scale=0.2..1.2/0.1, or 0.5,0.7,0.9; a path as of --set (repeatable)',
    )
    .option('--variant <names>', 'Only these variants, comma-separated')
    .option('--seeds <number|list>', 'So many seeds, from --seed on, or these, such as 1,2,3; default 3')
    .option('--seed <number>', 'The first seed, instead of the one in the file')
    .option(
      '--metric <expression>',
      'What is measured, such as "availability[after]", its default (repeatable; the first is mapped)',
    )
    .option('--set <path=value>', 'Change one value in every run (repeatable)')
    .option('--resume <file>', 'Keep what is measured in this file, and go on from what it holds')
    .option('--threads <number>', 'Runs at once; default: one for each processor')
    .option('--out <kind=file>', 'Write the result: json=FILE, csv=FILE, svg=FILE, html=FILE (repeatable)')
    .option('--json', 'Print the result as JSON on stdout')
    .option('--quiet', 'No progress on stderr')
    .action((scenario: string, flags: Record<string, unknown>) =>
      sweepCommand(scenario, withEnvironment(flags)),
    );
  cli
    .command(
      'bench [url]',
      'Measure what a request costs: the built-in gateway, or whatever is at an address',
    )
    .option('--workload <name>', 'small-get, large-response, upload or many-connections; default small-get')
    .option('--connections <number>', 'Requests under way at once; default 50, many-connections 1000')
    .option('--method <method>', 'Method of the requests, instead of the workload’s')
    .option('--body <size>', 'Size of their body, such as 64KiB, instead of the workload’s')
    .option('--trials <number>', 'How often the gateway is started and measured; default 8 (an address: 10)')
    .option('--warmup <duration>', 'Load on each new process before anything counts; default 2500ms')
    .option('--rounds <number>', 'Rounds in a trial; default 12 (an address: 1)')
    .option('--duration <duration>', 'Length of a round; default 300ms (an address: 1s)')
    .option('--threshold <expression>', 'Such as "latency.p99 < 20ms" or "cpu < 1.2 * baseline" (repeatable)')
    .option('--baseline <file>', 'A stored result, for thresholds that name baseline')
    .option('--against <url|revision>', 'Measure another address or revision at the same time, and compare')
    .option('--tolerance <share>', 'With --against: what still counts as equal; default 5%')
    .option('--max-trials <number>', 'With --against: give up deciding after as many; default 24')
    .option('--config <file>', 'Config of the built-in gateway; default: every policy on')
    .option('--set <path=value>', 'Change one value of that config (repeatable)')
    .option('--processes <number>', 'Processes that share the gateway’s port')
    .option('--remote', 'Allow an address that is not on this machine')
    .option('--out <kind=file>', 'Write the result: json=FILE, junit=FILE, md=FILE (repeatable)')
    .option('--json', 'Print the result as JSON on stdout')
    .option('--quiet', 'No progress on stderr')
    .action((url: string | undefined, flags: Record<string, unknown>) =>
      benchCommand(url, withEnvironment(flags)),
    );
  cli
    .command(
      'compare <before> <after>',
      'Compare two results of `run --out json=FILE`: what changed, beyond noise or not',
    )
    .option('--out <kind=file>', 'Write the comparison: json=FILE, md=FILE (repeatable)')
    .option('--json', 'Print the comparison as JSON on stdout')
    .action((before: string, after: string, flags: Record<string, unknown>) =>
      compareCommand([before, after], withEnvironment(flags)),
    );
  cli
    .command('gateway <...urls>', 'Run the built-in gateway in front of upstreams of your own')
    .option('--config <file>', 'The gateway section, YAML or JSON')
    .option('--set <path=value>', 'Change one value of it, such as breaker.openFor=5s (repeatable)')
    .option('--processes <number>', 'Processes that share the port; default 1')
    .option('--seed <number>', 'Seed of its choices and Ray IDs; default: another at every start')
    .option('--host <address>', 'Where requests are taken; default 127.0.0.1')
    .option('--port <number>', 'Port for requests; default 0, a free one')
    .option('--admin-port <number>', 'Port of the admin API; default 0, a free one')
    .option('--admin-host <address>', 'Where the admin API listens; default 127.0.0.1')
    .option(
      '--admin-token <text>',
      'Token that the admin API asks for; needed anywhere but on loopback. Rather BADGATEWAY_ADMIN_TOKEN: an argument is seen by all',
    )
    .option('--json', 'Print the addresses as JSON on stdout')
    .option('--quiet', 'Nothing on stderr but errors')
    .action((urls: string[], flags: Record<string, unknown>) => gatewayCommand(urls, withEnvironment(flags)));
  cli
    .command(
      'explain <result> [ray]',
      'Say why a request of a stored result failed, by its Ray ID; without one, of each kind of failure',
    )
    .option('--variant <name>', 'Only of this variant')
    .option('--json', 'As JSON; without a Ray ID, every failure that the result holds')
    .action((file: string, ray: string | undefined, flags: Record<string, unknown>) =>
      explainCommand(file, ray, flags),
    );
  cli
    .command('report <result>', 'Draw a stored result of `run --out json=FILE` as one page with curves')
    .option('-o, --output <file>', 'Where to; default: beside the result, ending in .html')
    .option('--open', 'Show it in a browser')
    .action((file: string, flags: Record<string, unknown>) => reportCommand(file, flags));
  cli
    .command(
      'export <scenario>',
      'Write the config of a variant that passed for nginx, HAProxy, Caddy or Envoy',
    )
    .option('--to <name>', 'nginx, haproxy, caddy or envoy')
    .option('--variant <name>', 'Which; may be left out where there is one')
    .option('--upstream <id=address>', 'Where a worker is: worker-1=10.0.0.7:8080 (repeatable)')
    .option('--listen <address>', 'Where it is to listen; default 127.0.0.1:8080')
    .option(
      '--from <file>',
      'A result of run --out json=FILE in which it passed; default: it is run in virtual time',
    )
    .option('--unproven', 'Write it although nobody has shown that it passes')
    .option('--set <path=value>', 'Change one value of the scenario (repeatable)')
    .option('--out <file>', 'Where to; a folder, where it takes several files; default: stdout')
    .action((scenario: string, flags: Record<string, unknown>) => exportCommand(scenario, flags));
  cli
    .command('import <file>', 'Read nginx.conf, haproxy.cfg or envoy.yaml as a gateway section, line by line')
    .option('--as <name>', 'Whose config it is: nginx, haproxy or envoy; default: as its name and text say')
    .option('--scenario <name>', 'Write a whole scenario around it, which runs')
    .option('--out <file>', 'Where to; default: stdout')
    .option('--json', 'The section, the servers and the fate of every line, as JSON')
    .option('--quiet', 'Nothing on stderr')
    .action((file: string, flags: Record<string, unknown>) => importCommand(file, flags));
  cli
    .command(
      'learn [lesson]',
      'Ten short lessons, each with a run and a question; without a number, the list',
    )
    .option('--engine <name>', 'virtual (default): in seconds; real: on processes and sockets')
    .option('--answer <letter>', 'Answer beforehand; otherwise you are asked, where there is a terminal')
    .option('--json', 'The lesson, and what its run shows, as JSON')
    .option('--quiet', 'No progress on stderr')
    .action((lesson: string | undefined, flags: Record<string, unknown>) =>
      learnCommand(lesson, withEnvironment(flags)),
    );
  cli
    .command('challenge', 'An outage with a hidden cause: find it, do something, and see what that came to')
    .option('--seed <number>', 'The same seed is the same challenge; default: another each time')
    .option(
      '--level <number>',
      '1 (default), 2 or 3: more causes, more places, more that happened on that day',
    )
    .option('--engine <name>', 'virtual (default): in seconds; real: on processes and sockets')
    .option('--evidence <kinds>', 'Look at workers, log, trace, changes, clients; each costs points')
    .option('--answer <text>', 'cause=NAME,on=NAME,mitigation=NAME, for scripts')
    .option('--json', 'What is seen, and the grade, as JSON')
    .action((flags: Record<string, unknown>) => challengeCommand(withEnvironment(flags)));
  cli
    .command('list', 'List the bundled scenarios: what they reproduce, and how long they take')
    .option('--json', 'As JSON')
    .action((flags: { json?: boolean }) => listScenarios(flags.json ?? false));
  cli
    .command('init [name]', 'Write a commented scenario to start from; default my-outage')
    .action((name?: string) => initScenario(name));
  cli
    .command(
      'validate <...files>',
      'Check scenario files; print their load, timeline, windows and thresholds',
    )
    .action((files: string[]) => validateFiles(files));
  cli
    .command('doctor [...scenarios]', 'Say what this machine can run: these, or the bundled ones')
    .option('--json', 'As JSON')
    .action((scenarios: string[], flags: { json?: boolean }) =>
      doctorCommand(scenarios, flags.json ?? false),
    );
  cli
    .command(
      'schema [kind]',
      'Print the JSON Schema of scenario files, or of result, compare, bench or sweep documents',
    )
    .action((kind?: string) => printSchema(kind ?? 'scenario'));

  try {
    cli.parse(['node', 'badgateway', ...args], { run: false });
    if (cli.options.help || cli.options.version) return EXIT_CODES.pass;
    if (cli.matchedCommand === undefined) {
      const verb = cli.args[0];
      if (verb !== undefined)
        throw new UserError('usage', `there is no verb "${verb}"; see badgateway --help`);
      cli.outputHelp();
      return EXIT_CODES.usage;
    }
    return (await cli.runMatchedCommand()) as number;
  } catch (error) {
    return report(error);
  }
};

const report = (error: unknown): number => {
  if (error instanceof UserError) {
    annotateError(error);
    // A problem in a file begins with the file, so that editors and terminals make a link of it.
    const prefix = error.reason === 'invalidScenario' ? '' : 'badgateway: ';
    process.stderr.write(`${prefix}${error.message}\n`);
    return EXIT_CODES[error.reason];
  }
  if (error instanceof Error && error.name === 'CACError') {
    process.stderr.write(`badgateway: ${error.message}; see badgateway --help\n`);
    return EXIT_CODES.usage;
  }
  process.stderr.write(
    `badgateway: internal error\n${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return EXIT_CODES.internal;
};

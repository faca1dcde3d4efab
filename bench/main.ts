/** `npm run bench`: compares Skipper with a floor, on a real control plane, in one run. */
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { controlPlaneMissing } from '../test/support/control-plane.ts';
import { measureMemory } from './memory.ts';
import { runScenario, SCENARIOS, type Scenario } from './scenarios.ts';
import { measureThroughput } from './throughput.ts';

interface Options {
  readonly namespaces?: string;
  readonly pairs: string;
  readonly workers: string;
  readonly concurrency: string;
  readonly bare: string;
  readonly large: string;
  readonly json?: string;
  readonly scenario?: Scenario;
}

const DEFAULT_NAMESPACES = 500;

const options = new Command('bench')
  .description('Measures Skipper against a bare concurrent client; needs KUBEBUILDER_ASSETS')
  .option('--namespaces <n>', `namespaces (default: ${DEFAULT_NAMESPACES}, or what the scenario needs)`)
  .option('--pairs <n>', 'runs of floor and Skipper, in turn; rounds of a scenario', '5')
  .option('--workers <n>', 'worker processes beside the API', '1')
  .option('--concurrency <n>', "each worker's --concurrency", '200')
  .option('--bare <n>', 'namespaces without FDD, for the cost of a bootstrap', '20')
  .option('--large <n>', 'namespaces of the memory run; 0 skips it', '10000')
  .option('--json <file>', 'write the raw results to this file')
  .addOption(new Option('--scenario <name>', 'measure only this').choices(SCENARIOS))
  .parse()
  .opts<Options>();

const missing = controlPlaneMissing();
if (missing !== undefined) {
  console.log(`bench skipped: ${missing}; it needs etcd and kube-apiserver (envtest's binaries)`);
  process.exit(0);
}

const rounds = Number(options.pairs);
const namespaces = options.namespaces === undefined ? undefined : Number(options.namespaces);
if (options.scenario !== undefined) {
  await runScenario(options.scenario, { rounds, namespaces });
  process.exit(0);
}

const processes = { workers: Number(options.workers), concurrency: Number(options.concurrency) };
// Zero pairs: only the memory.
const throughput =
  rounds > 0
    ? await measureThroughput({
        namespaces: namespaces ?? DEFAULT_NAMESPACES,
        bare: Number(options.bare),
        pairs: rounds,
        ...processes,
      })
    : undefined;
const large = Number(options.large);
const memory = large > 0 ? await measureMemory({ namespaces: large, ...processes }) : undefined;
if (options.json) await writeFile(options.json, `${JSON.stringify({ throughput, memory }, null, 2)}\n`);
process.exit(0);

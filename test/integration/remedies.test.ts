import { describe, expect, test } from '@jest/globals';
import { adviceFor } from '../../domain/explain/remedies.ts';
import { createAdmissionRules } from '../support/admission-rules.ts';
import { followRemedy } from '../support/follow-remedy.ts';
import { FDD, NEW, OLD } from '../support/published.ts';
import { REMEDY_SCENARIOS, type RemedyScenario, WITHOUT_REDIS } from '../support/remedy-scenarios.ts';
import { startWorld, useWorld } from '../support/simulated-world.ts';
import { until } from '../support/until.ts';

const rules = createAdmissionRules();
const world = useWorld(
  {
    cluster: { mutate: rules.admit },
    delays: { bootstrapTimeoutMs: 10_000 },
    flags: { 'progress-deadline': 15, 'max-attempts': 100 },
  },
  async (opened) => {
    await opened.startApi();
    await opened.startWorker({ flags: { 'bootstrap-deadline': 15, concurrency: 50 } });
  },
);

interface Shown {
  readonly why: { readonly headline: string; readonly remedy: readonly string[]; readonly code?: string };
  readonly row: { readonly health: string; readonly activity: string };
}

async function shown(namespace: string): Promise<Shown> {
  return (await world.http(`/api/namespaces/${namespace}`)).body;
}

/** The remedy, once the page shows it. */
async function remedyOf(namespace: string, { headline, isBusy }: RemedyScenario): Promise<readonly string[]> {
  let last: Shown | undefined;
  const why = await until(async () => {
    last = await shown(namespace);
    return headline.test(last.why.headline) && (isBusy || last.row.activity === 'idle') && last.why;
  }, 'the remedy is shown').catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify([last?.why, last?.row])}`);
  });
  return why.remedy;
}

function isLate({ row, why }: Shown): boolean {
  return row.activity === 'idle' && row.health === 'unknown' && why.code === 'progress_deadline';
}

async function play(name: string, scenario: RemedyScenario): Promise<void> {
  const namespace = name.toLowerCase().replaceAll('_', '-');
  const stage = { world, rules, namespace };
  await world.addNamespace(namespace, scenario.options);
  await scenario.breaks(stage);
  if (scenario.isDeployed !== false) await world.deploy({ namespaces: [namespace] });
  if (scenario.during) {
    await until(
      async () => (await shown(namespace)).row.activity === 'waiting for FDD',
      'the deploy waits for FDD',
    );
    await scenario.during(stage);
  }
  const remedy = await remedyOf(namespace, scenario);

  await followRemedy(remedy, { ...stage, ...scenario, edits: scenario.edits?.(stage) ?? [] });

  let last: Shown | undefined;
  await until(async () => {
    last = await shown(namespace);
    // FDD is up, but this machine is slower than the short deadline: the page says that a deploy verifies it.
    if (isLate(last)) await world.deployed(namespace);
    const isWell = last.row.health === 'healthy' && last.row.activity === 'idle';
    // A pass of healing that began before can show a moment later what it has seen then.
    return isWell && last.why.remedy.length === 0;
  }, 'it is healthy, and nothing is advised').catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify({ remedy, last: [last?.why, last?.row] })}`);
  });
}

describe('the remedy that the page shows, followed to the letter, ends healthy', () => {
  test.concurrent.each(Object.entries(REMEDY_SCENARIOS))('%s', play);
});

describe('the remedy of the code that the API answers with, followed to the letter, ends healthy', () => {
  test(WITHOUT_REDIS.follows, async () => {
    const namespace = 'redis-unavailable';
    const alone = await startWorld();
    try {
      await alone.startApi();
      await alone.startWorker();
      await alone.addNamespace(namespace, { fdd: OLD });
      alone.fdds.misbehaviour.set(namespace, { kind: 'hang' });
      await alone.deploy({ namespaces: [namespace] });
      const stage = { world: alone, rules, namespace };
      await WITHOUT_REDIS.breaks(stage);
      const refused = await alone.http('/api/deploy', { method: 'POST', body: { namespaces: [namespace] } });
      alone.fdds.misbehaviour.clear(namespace);

      const trouble = { namespace, configMap: FDD, channel: 'stable', version: NEW };
      const { remedy } = adviceFor(refused.body.code, trouble, []);
      await followRemedy(remedy, { ...stage, edits: WITHOUT_REDIS.edits?.(stage) ?? [] });

      expect(refused).toMatchObject({ status: 503, body: { code: WITHOUT_REDIS.follows } });
      await until(async () => {
        const { body } = await alone.http(`/api/namespaces/${namespace}`);
        return body.row?.health === 'healthy' && body.row.activity === 'idle' && body.row.version === NEW;
      }, 'it is healthy');
    } finally {
      await alone.close();
    }
  });
});

import { describe, expect, test } from '@jest/globals';
import { openApplicationBoard } from '../../../../simulator/fdd/application-board.ts';
import { INSTANT_DELAYS } from '../../../../simulator/fdd/delays.ts';
import { runDaemon } from '../../../../simulator/fdd/fdd-daemon.ts';
import type { FddContext } from '../../../../simulator/fdd/fdd-deploy.ts';
import type { FeedListener } from '../../../../simulator/fdd/feed.ts';
import type { Application, Pod } from '../../../../simulator/fdd/kubernetes-objects.ts';
import { createMisbehaviour } from '../../../../simulator/fdd/misbehaviour.ts';

const NS = 'payments';
const FDD = 'fiaas-deploy-daemon';

function anApplication(deploymentId: string, resourceVersion: number): Application {
  return {
    metadata: {
      name: FDD,
      namespace: NS,
      uid: 'uid',
      generation: resourceVersion,
      resourceVersion: String(resourceVersion),
      labels: { 'fiaas/deployment_id': deploymentId },
    },
    spec: { application: FDD, image: 'fdd:1', config: {} },
  } as unknown as Application;
}

/** An FDD for which the deployment `done` has already succeeded; `reported` collects the others that it reports on. */
function startDaemon() {
  const stopping = new AbortController();
  const reported = new Set<string>();
  let feed: FeedListener<Application> | undefined;
  const applications = openApplicationBoard(
    {
      listen: (listener) => {
        feed = listener;
      },
      start: async () => undefined,
      stop: async () => undefined,
    },
    () => true,
  );
  const context: FddContext = {
    client: {} as FddContext['client'],
    misbehaviour: createMisbehaviour(),
    delays: INSTANT_DELAYS,
    applications,
    statusBook: {
      resultOf: (_namespace, _application, id) => (id === 'done' ? 'SUCCESS' : undefined),
      save: async ({ deploymentId }) => {
        reported.add(deploymentId);
      },
    },
    readConfiguration: () => Promise.reject(new Error('the pod mounts no configuration')),
  };
  const pod = {
    metadata: { name: 'fdd', namespace: NS, uid: 'pod' },
    spec: { containers: [{ name: FDD, image: 'fdd:1' }] },
  } as unknown as Pod;
  const exited = runDaemon(context, { pod, version: '1', signal: stopping.signal, log: () => undefined });
  return {
    observe: (application: Application) => feed?.onUpsert(application),
    reported,
    stop: () => {
      stopping.abort();
      return exited;
    },
  };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('runDaemon', () => {
  test.each(Array.from({ length: 16 }, (_, turns) => turns))(
    'processes a deployment that arrives %d microtasks after one that is already done',
    async (turns) => {
      const daemon = startDaemon();
      await nextTurn();

      daemon.observe(anApplication('done', 1));
      for (let turn = 0; turn < turns; turn += 1) await undefined;
      daemon.observe(anApplication('new', 2));
      await nextTurn();
      await nextTurn();
      const { exitCode } = await daemon.stop();

      expect([...daemon.reported]).toEqual(['new']);
      expect(exitCode).toBe(143);
    },
  );
});

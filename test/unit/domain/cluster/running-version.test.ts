import { expect, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import { runningVersion } from '../../../../domain/cluster/running-version.ts';
import {
  aDeployment,
  aPod,
  aSettledSnapshot,
  aSnapshot,
  IMAGE,
  OLD_IMAGE,
  VERSION,
} from '../../../support/builders.ts';

const OLD = OLD_IMAGE.split(':')[1];
const old = aPod({ image: OLD_IMAGE });
const fresh = aPod({ image: IMAGE });
const scaledToZero = aDeployment({
  replicas: 0,
  currentReplicas: 0,
  updatedReplicas: 0,
  availableReplicas: undefined,
});

test.each<[string, string | undefined, NamespaceSnapshot]>([
  ['nothing is deployed', '', aSnapshot()],
  ['its pod is ready', VERSION, aSettledSnapshot({ pods: [fresh] })],
  ['no pod is known yet, and the Deployment is complete', VERSION, aSettledSnapshot({ pods: [] })],
  ['its pod is not ready', '', aSettledSnapshot({ pods: [{ ...fresh, ready: false }] })],
  ['its pod is being deleted', '', aSettledSnapshot({ pods: [{ ...fresh, deleting: true }] })],
  ['only the old pod is ready', OLD, aSettledSnapshot({ pods: [old, { ...fresh, ready: false }] })],
  ['the old pod and the new one are ready', VERSION, aSettledSnapshot({ pods: [old, fresh] })],
  ['it is scaled to zero', '', aSettledSnapshot({ pods: [], deployment: scaledToZero })],
  [
    'no pod is known, and the Deployment is not complete',
    '',
    aSettledSnapshot({ pods: [], deployment: aDeployment({ updatedReplicas: 0 }) }),
  ],
])('if %s, the running version is "%s"', (_what, version, snapshot) => {
  expect(runningVersion(snapshot)).toBe(version);
});

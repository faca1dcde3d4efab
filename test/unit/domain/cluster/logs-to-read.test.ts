import { describe, expect, test } from '@jest/globals';
import { logsToRead } from '../../../../domain/cluster/logs-to-read.ts';
import { aBootstrapPod, aPod, aSnapshot } from '../../../support/builders.ts';

const FDD = 'fiaas-deploy-daemon';
const BOOTSTRAP = 'fiaas-deploy-daemon-bootstrap';
const NOW = { container: FDD, isPrevious: false };

describe('the logs that explain a namespace', () => {
  test('are none without pods', () => {
    expect(logsToRead(aSnapshot())).toEqual([]);
  });

  test('begin with what a container wrote before it crashed', () => {
    const pods = [aPod({ name: 'fine' }), aPod({ name: 'crashing', ready: false, restarts: 3 })];

    expect(logsToRead(aSnapshot({ pods }))).toEqual([
      { pod: 'crashing', container: FDD, isPrevious: true },
      { pod: 'crashing', ...NOW },
      { pod: 'fine', ...NOW },
    ]);
  });

  test('are also of the bootstrap pod, and of a container that keeps FDD from starting', () => {
    const blockedBy = { container: 'setup', reason: 'CrashLoopBackOff', restarts: 2 };
    const pods = [aPod({ name: 'held', ready: false, blockedBy })];

    expect(logsToRead(aSnapshot({ pods, bootstrapPod: aBootstrapPod() }))).toEqual([
      { pod: BOOTSTRAP, container: BOOTSTRAP, isPrevious: false },
      { pod: 'held', container: 'setup', isPrevious: true },
      { pod: 'held', ...NOW },
    ]);
  });

  test('are of three pods at most, the one that terminates last', () => {
    const pods = [
      aPod({ name: 'old', ready: false, deleting: true }),
      ...['a', 'b', 'c'].map((name) => aPod({ name })),
    ];

    expect(logsToRead(aSnapshot({ pods })).map(({ pod }) => pod)).toEqual(['a', 'b', 'c']);
  });
});

import { describe, expect, test } from '@jest/globals';
import { reportOn } from '../../../../domain/cluster/observed.ts';
import { createNamespaceEntries } from '../../../../shared/kubernetes/namespace-entries.ts';
import { FDD_APPLICATIONS, FDD_STATUSES } from '../../../../shared/kubernetes/watched-kinds.ts';
import { NAMESPACE, OUR_ID } from '../../../support/builders.ts';

const NEXT_ID = '00000000-0000-4000-8000-000000000009';

/** The report on an id after some events: results of FDD, in the order in which the watch delivers them. */
function afterEvents(place: 'status' | 'application', results: readonly string[], lastId = OUR_ID) {
  const entries = createNamespaceEntries();
  for (const [index, result] of results.entries()) {
    const id = index === results.length - 1 ? lastId : OUR_ID;
    const metadata = {
      name: 'fiaas-deploy-daemon',
      resourceVersion: String(100 + index),
      labels: { 'fiaas/deployment_id': id },
    };
    entries.update(NAMESPACE, (entry) => {
      if (place === 'status') FDD_STATUSES.put(entry, metadata.name, { metadata, result });
      else FDD_APPLICATIONS.put(entry, metadata.name, { metadata, status: { result, deployment_id: id } });
    });
  }
  return reportOn(entries.snapshot(NAMESPACE), lastId);
}

describe.each(['status', 'application'] as const)('a SUCCESS in the %s', (place) => {
  test.each([
    ['RUNNING', ['INITIATED', 'RUNNING', 'SUCCESS', 'INITIATED', 'RUNNING']],
    ['INITIATED', ['INITIATED', 'RUNNING', 'SUCCESS', 'INITIATED']],
    ['RUNNING many times', ['RUNNING', 'RUNNING', 'SUCCESS', 'RUNNING', 'RUNNING', 'RUNNING']],
  ])('counts even if another FDD has overwritten it with %s', (_what, results) => {
    expect(afterEvents(place, results)).toMatchObject({ result: 'SUCCESS', resourceVersion: '102' });
  });

  test('is the latest SUCCESS if there are several', () => {
    expect(afterEvents(place, ['SUCCESS', 'RUNNING', 'SUCCESS', 'RUNNING'])?.resourceVersion).toBe('102');
    expect(afterEvents(place, ['SUCCESS', 'RUNNING', 'SUCCESS'])?.resourceVersion).toBe('102');
  });

  test('does not hide a later FAILED', () => {
    expect(afterEvents(place, ['SUCCESS', 'RUNNING', 'FAILED'])?.result).toBe('FAILED');
    expect(afterEvents(place, ['SUCCESS', 'FAILED', 'RUNNING'])?.result).toBe('RUNNING');
  });

  test('does not count for another deployment', () => {
    expect(afterEvents(place, ['SUCCESS', 'RUNNING'], NEXT_ID)?.result).toBe('RUNNING');
  });

  test('is not reported if FDD never reported it', () => {
    expect(afterEvents(place, ['INITIATED', 'RUNNING'])?.result).toBe('RUNNING');
  });
});

import { describe, expect, test } from '@jest/globals';
import { noteFleetCauses } from '../../../../domain/heal/fleet-causes.ts';
import type { FleetCause } from '../../../../domain/heal/healing.ts';
import type { Finding } from '../../../../domain/heal/rule.ts';
import { aFinding, BACKOFF_MS, MINUTE, NOW, someHealSettings } from '../../../support/healing-builders.ts';

const REFUSED =
  'watch of deployments: deployments.apps is forbidden: User "skipper" cannot list resource "deployments" in API group "apps" at the cluster scope';
const missing = (since = NOW): Finding =>
  aFinding('crd-missing', { since, evidence: 'watch of applications: not found' });
const refused = aFinding('rights-missing', { since: NOW, evidence: REFUSED });

interface Pass {
  readonly after: number;
  readonly findings: readonly Finding[];
}

/** The entries of passes, one after the other. */
function entriesOf(passes: readonly Pass[]) {
  let before: readonly FleetCause[] | undefined;
  return passes.flatMap(({ after, findings }) => {
    const noted = noteFleetCauses({ findings, before, settings: someHealSettings(), now: NOW + after });
    before = noted.fleetCauses;
    return noted.audit;
  });
}
const kindsOf = (passes: readonly Pass[]) => entriesOf(passes).map(({ kind, rule }) => `${kind} ${rule}`);

describe('a cause in the whole fleet', () => {
  test('has one entry when it begins, and one when no pass has found it for a while', () => {
    const passes = [
      { after: 0, findings: [missing()] },
      { after: MINUTE, findings: [missing()] },
      { after: MINUTE + BACKOFF_MS - 1, findings: [] },
    ];

    expect(kindsOf(passes)).toEqual(['heal.blocked crd-missing']);
    const ended = [...passes, { after: MINUTE + BACKOFF_MS, findings: [] }, { after: 9e9, findings: [] }];
    expect(kindsOf(ended)).toEqual(['heal.blocked crd-missing', 'heal.unblocked crd-missing']);
    expect(entriesOf(ended)[1]).toMatchObject({
      by: 'skipper',
      trigger: 'heal',
      outcome: 'ok',
      reason: expect.stringMatching(
        /^no pass of healing has found it since 2026-.* UTC, after 1m: the cluster has no Custom/,
      ),
    });
  });

  test('says what is missing, and what to do', () => {
    const [crds, rights] = entriesOf([{ after: 0, findings: [missing(), refused] }]);

    expect(crds).toMatchObject({ rule: 'crd-missing', cause: 'crd-missing', outcome: 'failed' });
    expect(crds?.reason).toMatch(
      /\(watch of applications: not found\)\. Start or restart a worker .*kubectl get crd app/,
    );
    expect(rights?.reason).toContain(
      'kubectl auth can-i list deployments.apps --all-namespaces --as skipper',
    );
  });

  test('begins again if it is found again, each cause on its own', () => {
    const passes = [
      { after: 0, findings: [missing(), refused] },
      { after: BACKOFF_MS, findings: [refused] },
      { after: 2 * BACKOFF_MS, findings: [missing(NOW + BACKOFF_MS), refused] },
    ];

    expect(kindsOf(passes)).toEqual([
      'heal.blocked crd-missing',
      'heal.blocked rights-missing',
      'heal.unblocked crd-missing',
      'heal.blocked crd-missing',
    ]);
  });

  test('is one, although the watches of two workers break and recover at other times', () => {
    const early = missing(NOW - MINUTE);
    const passes = [
      { after: 0, findings: [early] },
      { after: 15_000, findings: [] },
      { after: 30_000, findings: [early] },
      { after: 60_000, findings: [missing(NOW + 50_000)] },
      { after: 75_000, findings: [] },
      { after: 60_000 + BACKOFF_MS, findings: [] },
      { after: 75_000 + BACKOFF_MS, findings: [early] },
      { after: 90_000 + BACKOFF_MS, findings: [] },
    ];

    expect(kindsOf(passes)).toEqual(['heal.blocked crd-missing', 'heal.unblocked crd-missing']);
  });
});

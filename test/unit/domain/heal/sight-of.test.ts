import { describe, expect, test } from '@jest/globals';
import { sightOf, type WatchHealth } from '../../../../domain/heal/sight-of.ts';

const SINCE = 1_800_000_000_000;

function aWatch(name: string, fields: Partial<WatchHealth> = {}): WatchHealth {
  return { name, synced: true, problem: undefined, refused: false, ...fields };
}

function broken(name: string, reason: string, fields: Partial<WatchHealth> = {}): WatchHealth {
  return aWatch(name, { problem: reason, trouble: { since: SINCE, reason }, ...fields });
}

const MISSING = broken('applications', '404 page not found', {
  trouble: { since: SINCE, reason: '404 page not found', code: 'crd_missing' },
});
const REFUSED = broken('deployments', '403 forbidden', { refused: true });

describe('what the watches know', () => {
  test('everything, if all are in order', () => {
    expect(sightOf([aWatch('pods'), aWatch('applications')])).toEqual({ kind: 'fine' });
  });

  test('that a kind or a permission is missing, since the watch broke', () => {
    const findings = [
      {
        rule: 'crd-missing',
        since: SINCE,
        evidence: 'watch of applications: 404 page not found',
        isFleetWide: true,
      },
      {
        rule: 'rights-missing',
        since: SINCE,
        evidence: 'watch of deployments: 403 forbidden',
        isFleetWide: true,
      },
    ];
    expect(sightOf([REFUSED, MISSING, aWatch('pods')])).toEqual({ kind: 'fleet-wide', findings });
  });

  test('that a kind is missing, also if it was from the start', () => {
    const sight = sightOf([aWatch('pods'), { ...MISSING, synced: false }]);
    expect(sight).toMatchObject({ kind: 'fleet-wide', findings: [{ rule: 'crd-missing' }] });
  });

  test('nothing, if one is broken for another reason', () => {
    const reset = broken('pods', 'ECONNRESET');
    const expected = { kind: 'blind', reason: 'the API server is unreachable' };
    expect(sightOf([reset])).toEqual(expected);
    expect(sightOf([MISSING, REFUSED, reset])).toEqual(expected);
    // An API server that has just started denies everything.
    expect(sightOf([broken('pods', '403 forbidden')])).toEqual(expected);
  });

  test('nothing, until all have read a list', () => {
    const expected = { kind: 'blind', reason: 'the state of the cluster has not been read yet' };
    expect(sightOf([aWatch('pods', { synced: false })])).toEqual(expected);
    expect(sightOf([MISSING, aWatch('pods', { synced: false })])).toEqual(expected);
  });

  test('everything once the watch works again, although its trouble is remembered for a moment', () => {
    expect(sightOf([{ ...MISSING, problem: undefined }])).toEqual({ kind: 'fine' });
  });
});

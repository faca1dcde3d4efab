import { describe, expect, test } from '@jest/globals';
import { describeStatus } from '../../../../web/healing/describe-status.ts';
import { aFinding, aStatus, MINUTE, NOW } from '../../../support/healing-builders.ts';

const AUTOMATIC = { at: NOW, reason: '60 % of the fleet fell sick' };

describe('what healing does now', () => {
  test.each([
    [null, 'unknown', /^Unknown: no pass of healing is known/, /worker with --heal/],
    [aStatus({ mode: 'off', checkedAt: 0 }), 'unmanaged', /^Healing is off\.$/, /To switch it on/],
    [
      aStatus({ checkedAt: NOW - 2 * MINUTE }),
      'unknown',
      /^Unknown: the latest pass was 2m ago/,
      /Check the workers/,
    ],
    [
      aStatus({ stopped: AUTOMATIC }),
      'degraded',
      /stopped automatically: 60 %/,
      /resumes automatically as soon as .* \(now 1\)/,
    ],
    [
      aStatus({ stopped: { ...AUTOMATIC, by: 'jo' } }),
      'degraded',
      /stopped by jo: 60 %/,
      /until somebody resumes it/,
    ],
    [
      aStatus({ fleetWide: [aFinding('crd-missing', { evidence: '404' })], stopped: AUTOMATIC }),
      'degraded',
      /^crd-missing in the whole fleet: the cluster has no CustomResourceDefinition of FIAAS \(404\)$/,
      /^Start or restart a worker .*No other rule is judged/,
    ],
    [aStatus({ mode: 'report' }), 'outdated', /^Healing only reports\.$/, /Nothing is done\. .* --heal on/],
    [aStatus(), 'progressing', /^Healing is on\.$/, /mildest means/],
    [aStatus({ sick: 0 }), 'healthy', /^Healing is on\.$/, /mildest means/],
    [
      aStatus({ cap: { limit: 5, used: 5 } }),
      'progressing',
      /^Healing is on\.$/,
      /cap for this hour is used up/,
    ],
    [
      aStatus({ cap: { limit: 5, used: 5 }, states: { stopped: 6 } }),
      'progressing',
      /^Healing is on\.$/,
      /6 namespaces wait\. .*skipper deploy NAMESPACE/,
    ],
  ])('%j is %s', (status, hue, headline, line) => {
    const words = describeStatus(status, NOW);

    expect(words.hue).toBe(hue);
    expect(words.headline).toMatch(headline);
    expect(words.lines.join(' ')).toMatch(line);
  });

  test('of a pass that is too old comes before everything else: nobody knows whether it is still stopped', () => {
    const status = aStatus({ checkedAt: NOW - 2 * MINUTE, stopped: AUTOMATIC });
    expect(describeStatus(status, NOW).hue).toBe('unknown');
  });
});

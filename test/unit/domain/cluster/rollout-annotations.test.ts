import { describe, expect, test } from '@jest/globals';
import { parseNamespaceConfig } from '../../../../domain/cluster/namespace-config.ts';
import { aConfigMap } from '../../../support/builders.ts';

function parse(annotations: Readonly<Record<string, string>>) {
  const { metadata, ...rest } = aConfigMap({});
  return parseNamespaceConfig({ ...rest, metadata: { ...metadata, annotations } });
}

describe('annotations of a ConfigMap', () => {
  test('say what its owner wants of rollouts', () => {
    const config = parse({
      'skipper.fiaas.io/canary': 'true',
      'skipper.fiaas.io/priority': '-10',
      'skipper.fiaas.io/pin': '20220808113256-eef68a8',
      'skipper.fiaas.io/hold': ' audit until Friday ',
      'skipper.fiaas.io/window': 'Mon-Fri 09:00-16:00 Europe/Oslo',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    });

    expect(config.ok && config.value.rollout).toEqual({
      canary: true,
      priority: -10,
      pin: '20220808113256-eef68a8',
      hold: 'audit until Friday',
      window: {
        text: 'Mon-Fri 09:00-16:00',
        timeZone: 'Europe/Oslo',
        spans: [{ days: [1, 2, 3, 4, 5], from: 540, to: 960 }],
      },
    });
  });

  test('of others say nothing', () => {
    const config = parse({ 'example.com/canary': 'maybe' });

    expect(config.ok && config.value).not.toHaveProperty('rollout');
  });

  test.each([
    ['canary', 'yes', '"yes" must be "true" or "false"'],
    ['priority', 'high', '"high" must be a whole number, such as "10"'],
    ['pin', '', '"" must be a version, such as "20220808113256-eef68a8"'],
    ['pin', 'a/b', '"a/b" must be a version, such as "20220808113256-eef68a8"'],
    ['hold', ' ', '" " must be the reason of the hold'],
    [
      'window',
      'Mon-Fri 09:00-16:00',
      '"Mon-Fri 09:00-16:00" must end with the name of a time zone, such as "Mon-Fri 09:00-16:00 Europe/Oslo"',
    ],
    [
      'window',
      'workdays Europe/Oslo',
      '"workdays Europe/Oslo" must be days and times, such as "Mon-Fri 09:00-16:00", and the name of a time zone',
    ],
    ['prority', '10', 'is not known: the annotations are canary, hold, pin, priority, window'],
  ])('%s: %j is an error of this namespace', (name, value, reason) => {
    const key = `skipper.fiaas.io/${name}`;

    expect(parse({ [key]: value })).toEqual({
      ok: false,
      key: `annotation ${key}`,
      reason: `ConfigMap team-a/fiaas-deploy-daemon: annotation ${key} ${reason}`,
    });
  });
});

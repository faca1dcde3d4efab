import { describe, expect, test } from '@jest/globals';
import type { NamespaceSnapshot } from '../../../../domain/cluster/observed.ts';
import { selectTargets } from '../../../../domain/deploy/select-targets.ts';
import { invalid, ok } from '../../../../domain/release/result.ts';
import { aConfig, aDeployment, aSnapshot } from '../../../support/builders.ts';

const FLEET: Record<string, Partial<NamespaceSnapshot>> = {
  a: {},
  b: {},
  broken: { config: invalid('it is not valid YAML') },
  helm: { deployment: aDeployment({ helmRelease: 'fdd' }) },
};

function select(names: readonly string[] | undefined, forceBootstrap = false) {
  return selectTargets(
    names,
    Object.keys(FLEET),
    (namespace) => aSnapshot({ namespace, config: ok(aConfig({ namespace })), ...FLEET[namespace] }),
    forceBootstrap,
  );
}

describe('selectTargets', () => {
  test('acceptance 14: selects all without names', () => {
    const { targets, unknown } = select(undefined);

    expect(targets.map(({ namespace }) => namespace)).toEqual(['a', 'b', 'broken', 'helm']);
    expect(unknown).toEqual([]);
  });

  test('acceptance 14: selects none for an empty list', () => {
    expect(select([])).toEqual({ targets: [], unknown: [] });
  });

  test('acceptance 14: reports unknown names, and does not match parts of names', () => {
    const { targets, unknown } = select(['a', 'brok', 'nowhere']);

    expect(targets.map(({ namespace }) => namespace)).toEqual(['a']);
    expect(unknown).toEqual(['brok', 'nowhere']);
  });

  test('acceptance 12: selects a name that is given twice only once', () => {
    expect(select(['b', 'a', 'b']).targets.map(({ namespace }) => namespace)).toEqual(['b', 'a']);
  });

  test('acceptance 2: lists a malformed namespace with its reason, together with the others', () => {
    expect(select(['a', 'broken']).targets).toMatchObject([
      { namespace: 'a', kind: 'deploy', config: { namespace: 'a' } },
      { namespace: 'broken', kind: 'config-error', reason: 'it is not valid YAML' },
    ]);
  });

  test('a malformed namespace is not deployed even if forced', () => {
    expect(select(['broken'], true).targets[0]?.kind).toBe('config-error');
  });

  test('acceptance 23: reports a namespace that Helm manages', () => {
    expect(select(['helm']).targets).toMatchObject([
      { kind: 'helm-managed', reason: expect.stringContaining('Helm release fdd') },
    ]);
  });

  test('acceptance 23: takes over a namespace from Helm if forced', () => {
    expect(select(['helm'], true).targets[0]?.kind).toBe('deploy');
  });
});

import { describe, expect, test } from '@jest/globals';
import { faultyVersions, namespaceName, planFleet } from '../../../../simulator/demo/plan-fleet.ts';

describe('planFleet', () => {
  test.each([
    [1, 'team-001', 'team-001'],
    [999, 'team-001', 'team-999'],
    [1_000, 'team-0001', 'team-1000'],
    [10_000, 'team-00001', 'team-10000'],
  ])('names %s namespaces from %s to %s, in alphabetical order', (namespaces, first, last) => {
    const names = planFleet({ namespaces, failRate: 0 }).map(({ name }) => name);

    expect(names).toHaveLength(namespaces);
    expect([names[0], names.at(-1)]).toEqual([first, last]);
    expect([...names].sort()).toEqual(names);
  });

  test('gives a share of the namespaces a fault, always the same ones', () => {
    const fleet = planFleet({ namespaces: 200, failRate: 0.1 });

    expect(fleet.filter(({ fault }) => fault !== undefined)).toHaveLength(20);
    expect(planFleet({ namespaces: 200, failRate: 0.1 })).toEqual(fleet);
  });

  test('gives at least one namespace a fault if the share is small', () => {
    const fleet = planFleet({ namespaces: 20, failRate: 0.001 });

    expect(fleet.filter(({ fault }) => fault !== undefined)).toHaveLength(1);
  });
});

describe('faultyVersions', () => {
  const installed = planFleet({ namespaces: 200, failRate: 1 }).filter(
    ({ installedVersion }) => installedVersion !== undefined,
  );
  const whereItIs = (kind: string) =>
    installed
      .filter(({ fault }) => fault?.kind === kind)
      .map((namespace) => faultyVersions(namespace).includes(namespace.installedVersion ?? ''));

  test.each([
    ['image-pull-failure', false],
    ['crash-loop', false],
    ['hang', true],
    ['failed', true],
  ])('%s is seen at the first update: the installed FDD has it: %s', (kind, isInstalled) => {
    expect(new Set(whereItIs(kind))).toEqual(new Set([isInstalled]));
  });
});

describe('namespaceName', () => {
  test('has at least three digits', () => {
    expect(namespaceName(7, 20)).toBe('team-007');
    expect(namespaceName(7, 10_000)).toBe('team-00007');
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { rbacManifests } from '../../domain/deploy/rbac.ts';
import { grantsOf } from './support/grants.ts';
import { chartFile, type Manifest, NAMESPACE, pick, type Rule, render, type Values } from './support/helm.ts';

describe('the rights of the chart', () => {
  test('the api can only list and watch', () => {
    const verbs = rulesOf(render({ manageRBAC: true }), 'fiaas-skipper-api').flatMap(({ verbs }) => verbs);

    expect([...new Set(verbs)].toSorted()).toEqual(['list', 'watch']);
  });

  test('nothing is granted by a wildcard, and no Secret can be read', () => {
    for (const account of ['fiaas-skipper-api', 'fiaas-skipper-worker']) {
      const rules = rulesOf(render({ manageRBAC: true }), account);

      expect(JSON.stringify(rules)).not.toContain('*');
      expect(rules.flatMap(({ resources }) => resources)).not.toContain('secrets');
    }
  });

  test('every rule has a comment with its reason', () => {
    const lines = readFileSync(chartFile('templates/rbac.yaml'), 'utf8').split('\n');
    const rules = lines.flatMap((line, index) =>
      line.startsWith('  - apiGroups') ? [lines[index - 1]] : [],
    );

    expect(rules).toHaveLength(23);
    for (const before of rules) expect(before).toMatch(/^ {2}# .{8}/);
  });

  test.each<[string, Values, string]>([
    ['manageRBAC is off', {}, 'manage-rbac'],
    ['disableCrdCreation is on', { disableCrdCreation: true }, 'crds'],
    ['healing is off', { config: { heal: 'off' } }, 'listen'],
    ['deaf FDDs are not looked for', { config: { 'deaf-after': 0 } }, 'listen'],
    ['healing only reports', { config: { heal: 'report' } }, 'heal'],
  ])('if %s, its role does not exist', (_when, values, role) => {
    const named = render(values).filter(({ metadata }) => metadata.name === `fiaas-skipper-${role}`);

    expect(named).toEqual([]);
  });

  test.each(['on', true])('with heal %p the worker can delete pods, and that is its setting', (heal) => {
    const manifests = render({ config: { heal } });

    expect(rulesOf(manifests, 'fiaas-skipper-worker')).toContainEqual({
      apiGroups: [''],
      resources: ['pods'],
      verbs: ['delete'],
    });
    expect(JSON.stringify(manifests.filter(({ kind }) => kind === 'ConfigMap'))).toMatch(/heal: \\?"on/);
  });

  test('with rbac.namespaces the worker can write only there', () => {
    const manifests = render({
      rbac: { namespaces: ['team-a', 'team-b'] },
      manageRBAC: true,
      disableCrdCreation: true,
    });
    const clusterWide = manifests.filter(({ kind }) => kind === 'ClusterRoleBinding');
    const inNamespaces = manifests.filter(({ kind }) => kind === 'RoleBinding');

    expect(clusterWide.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'fiaas-skipper-explain',
      'fiaas-skipper-listen',
      'fiaas-skipper-watch',
    ]);
    expect(inNamespaces.map(({ metadata }) => `${metadata.namespace} ${metadata.name}`).toSorted()).toEqual([
      `${NAMESPACE} fiaas-skipper-state`,
      'team-a fiaas-skipper-deploy',
      'team-a fiaas-skipper-events',
      'team-a fiaas-skipper-manage-rbac',
      'team-b fiaas-skipper-deploy',
      'team-b fiaas-skipper-events',
      'team-b fiaas-skipper-manage-rbac',
    ]);
  });

  test('without rbac.enabled none exist, and the pods run as default', () => {
    const manifests = render({
      rbac: { enabled: false, enableFIAASController: true, fddClusterRole: { enabled: true } },
    });

    expect(manifests.filter(({ kind }) => /Role|ServiceAccount/.test(kind))).toEqual([]);
    expect(pick(manifests, 'Deployment', 'fiaas-skipper-api').spec.template.spec.serviceAccountName).toBe(
      'default',
    );
  });
});

describe("FDD's rights", () => {
  test('are granted to nobody by default', () => {
    expect(JSON.stringify(render())).not.toContain('system:serviceaccounts');
    expect(render().filter(({ metadata }) => metadata.name.includes('fdd'))).toEqual([]);
  });

  test('fddClusterRole grants the rights of manage-rbac, and those for CRDs', () => {
    const manifests = render({ rbac: { fddClusterRole: { enabled: true, namespaces: ['team-a'] } } });
    const granted = pick(manifests, 'ClusterRole', 'fiaas-skipper-fdd').rules ?? [];

    expect(grantsOf(granted)).toEqual(grantsOf(rbacManifests('team-a').role.rules));
    expect(pick(manifests, 'RoleBinding', 'fiaas-skipper-fdd').subjects).toEqual([
      { kind: 'ServiceAccount', name: 'default', namespace: 'team-a' },
      { kind: 'ServiceAccount', name: 'fiaas-deploy-daemon', namespace: 'team-a' },
    ]);
    expect(pick(manifests, 'ClusterRoleBinding', 'fiaas-skipper-fdd-crds').subjects).toHaveLength(2);
  });

  test("enableFIAASController grants them to every account, under upstream's name", () => {
    const manifests = render({ rbac: { enableFIAASController: true } });

    expect(pick(manifests, 'ClusterRoleBinding', 'fiaas-controller').subjects).toEqual([
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:serviceaccounts' },
    ]);
    expect(grantsOf(pick(manifests, 'ClusterRole', 'fiaas-controller').rules ?? [])).toEqual(
      expect.arrayContaining(grantsOf(rbacManifests('any').role.rules)),
    );
  });
});

/** All rules that bindings of any kind give to an account of the chart. */
function rulesOf(manifests: readonly Manifest[], account: string): readonly Rule[] {
  const bindings = manifests.filter(({ subjects = [] }) =>
    subjects.some(({ name, namespace }) => name === account && namespace === NAMESPACE),
  );
  expect(bindings).not.toEqual([]);
  return bindings.flatMap(
    ({ roleRef }) => pick(manifests, roleRef?.kind ?? '', roleRef?.name ?? '').rules ?? [],
  );
}

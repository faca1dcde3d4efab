import { describe, expect, test } from '@jest/globals';
import { RBAC_VERSION, rbacManifests } from '../../../../domain/deploy/rbac.ts';

type Right = readonly [group: string, resources: readonly string[], verbs: readonly string[]];

const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'update', 'watch'];
const RESOURCES = [
  'configmaps',
  'deployments',
  'horizontalpodautoscalers',
  'ingresses',
  'pods',
  'poddisruptionbudgets',
  'resourcequotas',
  'services',
  'serviceaccounts',
  'rolebindings',
];
const GROUPS = [
  '',
  'apps',
  'autoscaling',
  'extensions',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
];

/** The chart's Role of FDD v1.10.0: upstream-behaviour §4, line by line. */
const NEEDED: readonly Right[] = [
  ['fiaas.schibsted.io', ['applications'], ['get', 'list', 'watch']],
  [
    'fiaas.schibsted.io',
    ['application-statuses', 'applications/status'],
    ['create', 'delete', 'get', 'list', 'update', 'watch'],
  ],
  ...GROUPS.map((group): Right => [group, RESOURCES, ALL]),
];

function grants(group: string, resource: string, verb: string): boolean {
  return rbacManifests('team-a').role.rules.some(
    (rule) =>
      rule.apiGroups.includes(group) && rule.resources.includes(resource) && rule.verbs.includes(verb),
  );
}

describe('rbacManifests', () => {
  test.each(NEEDED)(
    'acceptance 18: grants, in group %j, everything that FDD needs on %j',
    (group, resources, verbs) => {
      const missing = resources.flatMap((resource) =>
        verbs.filter((verb) => !grants(group, resource, verb)).map((verb) => `${verb} ${resource}`),
      );

      expect(missing).toEqual([]);
    },
  );

  test('acceptance 18: grants only the permissions that FDD needs', () => {
    const { rules } = rbacManifests('team-a').role;

    const surplus = rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs
            .filter(
              (verb) => !NEEDED.some(([g, r, v]) => g === group && r.includes(resource) && v.includes(verb)),
            )
            .map((verb) => `${verb} ${resource}.${group}`),
        ),
      ),
    );
    expect(surplus).toEqual([]);
  });

  test('acceptance 18: applies only its own fields of the ServiceAccount', () => {
    const { serviceAccount } = rbacManifests('team-a');

    expect(serviceAccount).toStrictEqual({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: 'fiaas-deploy-daemon',
        namespace: 'team-a',
        labels: { app: 'fiaas-deploy-daemon' },
      },
      automountServiceAccountToken: true,
    });
  });

  test('binds the Role to the ServiceAccount of the namespace', () => {
    const { role, roleBinding } = rbacManifests('team-b');

    expect(role.metadata).toMatchObject({ name: 'fiaas-deploy-daemon', namespace: 'team-b' });
    expect(roleBinding).toMatchObject({
      metadata: { name: 'fiaas-deploy-daemon', namespace: 'team-b', labels: { app: 'fiaas-deploy-daemon' } },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'fiaas-deploy-daemon' },
      subjects: [{ kind: 'ServiceAccount', name: 'fiaas-deploy-daemon', namespace: 'team-b' }],
    });
  });
});

describe('RBAC_VERSION', () => {
  test('is short enough to be stored with every namespace', () => {
    expect(RBAC_VERSION).toMatch(/^[0-9a-f]{12}$/);
  });
});

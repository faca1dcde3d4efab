import { createHash } from 'node:crypto';
import isEqual from 'fast-deep-equal';
import { APP_LABEL, FDD } from '../cluster/names.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'get', 'list', 'update', 'watch'];

/** What FDD v1.10.0 needs in its namespace (its chart's Role); with upstream Skipper's older rules it would fail. */
const RULES = [
  { apiGroups: ['fiaas.schibsted.io'], resources: ['applications'], verbs: READ },
  {
    apiGroups: ['fiaas.schibsted.io'],
    resources: ['application-statuses', 'applications/status'],
    verbs: ['create', 'delete', ...READ, 'update'],
  },
  {
    apiGroups: [
      '',
      'apps',
      'autoscaling',
      'extensions',
      'networking.k8s.io',
      'policy',
      'rbac.authorization.k8s.io',
    ],
    resources: [
      'configmaps',
      'deployments',
      'horizontalpodautoscalers',
      'ingresses',
      'pods',
      'poddisruptionbudgets',
      'resourcequotas',
      'rolebindings',
      'serviceaccounts',
      'services',
    ],
    verbs: WRITE,
  },
];

/**
 * The three objects of `--manage-rbac`. They are applied server-side, which keeps fields that others have set on the
 * ServiceAccount (pull secrets, annotations).
 */
export function rbacManifests(namespace: string) {
  const metadata = { name: FDD, namespace, labels: { [APP_LABEL]: FDD } };
  return {
    serviceAccount: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata,
      automountServiceAccountToken: true,
    },
    role: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules: RULES },
    roleBinding: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: FDD },
      subjects: [{ kind: 'ServiceAccount', name: FDD, namespace }],
    },
  };
}

export interface RbacObject {
  readonly rules?: unknown;
  readonly roleRef?: unknown;
  readonly subjects?: unknown;
}

/** The problem with the three objects in the cluster; undefined if FDD has its permissions. */
export function rbacProblem(
  namespace: string,
  found: {
    readonly serviceAccount: RbacObject | undefined;
    readonly role: RbacObject | undefined;
    readonly roleBinding: RbacObject | undefined;
  },
): string | undefined {
  const { serviceAccount, role, roleBinding } = found;
  const wanted = rbacManifests(namespace).roleBinding;
  if (!serviceAccount) return `ServiceAccount ${FDD} is missing`;
  if (!role) return `Role ${FDD} is missing`;
  if (!isEqual(role.rules, RULES)) return `Role ${FDD} has different rules`;
  if (!roleBinding) return `RoleBinding ${FDD} is missing`;
  const isBound =
    isEqual(roleBinding.roleRef, wanted.roleRef) && isSubject(wanted.subjects[0], roleBinding.subjects);
  return isBound ? undefined : `RoleBinding ${FDD} has a different role or subject`;
}

function isSubject(wanted: unknown, subjects: unknown): boolean {
  return Array.isArray(subjects) && subjects.some((subject) => isEqual(subject, wanted));
}

/** Changes with the rules, so that an otherwise up-to-date namespace gets the new ones. */
export const RBAC_VERSION = createHash('sha256').update(JSON.stringify(RULES)).digest('hex').slice(0, 12);

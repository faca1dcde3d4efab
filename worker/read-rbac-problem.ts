import { FDD } from '../domain/cluster/names.ts';
import { type RbacObject, rbacProblem } from '../domain/deploy/rbac.ts';
import { messageOf, SkipperError } from '../domain/errors.ts';
import { ROLE_BINDINGS, ROLES, SERVICE_ACCOUNTS } from '../shared/kubernetes/resources.ts';
import type { RunContext } from './run-context.ts';

/** A missing or changed RBAC object of FDD: another client can have changed or deleted it since it was written. */
export async function readRbacProblem({ client, namespace, log }: RunContext): Promise<string | undefined> {
  const ref = { namespace, name: FDD };
  try {
    const [serviceAccount, role, roleBinding] = await Promise.all(
      [SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS].map((resource) => client.get<RbacObject>(resource, ref)),
    );
    return rbacProblem(namespace, { serviceAccount, role, roleBinding });
  } catch (error) {
    if (!(error instanceof SkipperError) || error.code !== 'forbidden') throw error;
    // A worker with the permissions of an older chart can write these objects, but not read them.
    log.warn({ reason: messageOf(error) }, 'the RBAC objects of FDD cannot be verified');
    return undefined;
  }
}

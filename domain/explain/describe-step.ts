import type { Step } from '../deploy/plan.ts';

/** A step of a plan, for people; used by the job's log, the timeline and the plan on the page. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'apply-rbac':
      return "apply FDD's ServiceAccount, Role and RoleBinding";
    case 'apply-application':
      return `${step.change} Application (${step.manifest.spec.image})`;
    case 'adopt-bootstrap-pod':
      return 'adopt the running bootstrap pod';
    case 'delete-bootstrap-pod':
      return `delete bootstrap pod: ${step.reason}`;
    case 'create-bootstrap-pod':
      return 'create bootstrap pod';
    case 'restart-fdd':
      return `restart FDD: delete ${step.pods.join(', ')}`;
    case 'verify':
      return `verify deployment ${step.deploymentId}`;
  }
}

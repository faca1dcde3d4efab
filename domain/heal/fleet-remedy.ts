import { parseRefusal } from '../cluster/parse-refusal.ts';
import { CRD_ADVICE } from '../deploy/crd-advice.ts';
import type { Finding } from './rule.ts';

/** What a person can do about a cause in the whole fleet, and how to see that it is gone. */
export function fleetRemedy({ rule, evidence }: Pick<Finding, 'rule' | 'evidence'>): string {
  return rule === 'crd-missing' ? CRD_ADVICE : grantRight(evidence);
}

const GRANT = 'Grant what the message names, with a ClusterRole, or by an upgrade of the Helm chart.';

function grantRight(evidence: string): string {
  const refusal = parseRefusal(evidence);
  if (refusal?.by !== 'rbac') return GRANT;
  const { verb, resource, group, user } = refusal;
  const what = group ? `${resource}.${group}` : resource;
  const who = user === undefined ? '' : ` --as ${user}`;
  return `${GRANT} To check: kubectl auth can-i ${verb} ${what} --all-namespaces${who}`;
}

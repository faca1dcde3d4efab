import type { Rule } from './rule.ts';

/** What it means that a rule holds, in one sentence without a full stop. */
export const RULE_MEANINGS: Readonly<Record<Rule, string>> = {
  'crd-missing': 'the cluster has no CustomResourceDefinition of FIAAS',
  'rights-missing': 'Skipper has no permission to repair anything',
  'scaled-down': 'somebody has scaled FDD to 0 replicas, or paused its Deployment',
  'no-deployment': 'FDD has no Deployment',
  'bootstrap-stuck': 'the bootstrap pod does not end',
  'image-pull': "FDD's image cannot be pulled",
  oom: 'FDD was ended because it used too much memory',
  'crash-loop': 'FDD crashes again and again',
  unschedulable: 'no node takes a pod of FDD',
  'failed-report': 'FDD has reported FAILED for what is wanted',
  'progress-deadline': 'the Deployment of FDD does not progress',
  drifted: 'the Application of FDD is not what was last deployed',
  'wrong-image': 'the Deployment of FDD differs from its Application',
  unreported: 'FDD has not taken up what is wanted',
  unavailable: 'no pod of FDD is available',
  deaf: 'FDD is ready, but does not react to Applications',
};

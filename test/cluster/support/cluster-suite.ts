import { describe, test } from '@jest/globals';
import { controllerManagerAvailable, controlPlaneMissing } from '../../support/control-plane.ts';

/** A suite on the real control plane; without one it is skipped as a whole, with the reason in its title. */
export function describeCluster(
  title: string,
  { needsControllers }: { needsControllers: boolean },
  suite: () => void,
): void {
  const missing = controlPlaneMissing() ?? (needsControllers ? controllersMissing() : undefined);
  describe(title, () => {
    if (missing === undefined) suite();
    else test.skip(`is skipped: ${missing}`, () => undefined);
  });
}

function controllersMissing(): string | undefined {
  return controllerManagerAvailable() ? undefined : 'KUBEBUILDER_ASSETS has no kube-controller-manager';
}

import { BOOTSTRAP, FDD } from './fdd-names.ts';
import type { Container, PodSpec } from './kubernetes-objects.ts';

/** The container that runs FDD or its bootstrap, wherever it stands in the list; of a pod of another kind, the first. */
export function mainContainer({ containers }: Pick<PodSpec, 'containers'>): Container | undefined {
  return containers.find(({ name }) => name === FDD || name === BOOTSTRAP) ?? containers[0];
}

import { BOOTSTRAP, FDD } from './fdd-names.ts';
import type { Container, PodSpec } from './kubernetes-objects.ts';

/** The container that runs FDD or its bootstrap, at any position in the list; for other pods, the first container. */
export function mainContainer({ containers }: Pick<PodSpec, 'containers'>): Container | undefined {
  return containers.find(({ name }) => name === FDD || name === BOOTSTRAP) ?? containers[0];
}

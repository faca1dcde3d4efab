import { GROUP } from './contract-objects.ts';

export function configMaps(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps`;
}

export function pods(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}

export function deployments(namespace: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments`;
}

export function applications(namespace: string): string {
  return `/apis/${GROUP}/v1/namespaces/${namespace}/applications`;
}

export function statuses(namespace: string): string {
  return `/apis/${GROUP}/v1/namespaces/${namespace}/application-statuses`;
}

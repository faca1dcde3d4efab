import type { NamespaceRecord } from './namespace-record.ts';

type Requests = Pick<NamespaceRecord, 'generation' | 'handled'>;

/** True if the latest request of a namespace has not ended. */
export function isUnfinished<Known extends Requests>(record: Known | undefined): record is Known {
  return record !== undefined && record.generation > record.handled;
}

import type { NamespaceSnapshot } from '../cluster/observed.ts';
import type { NamespaceRecord } from '../rollout/namespace-record.ts';

type Ended = Pick<NamespaceRecord, 'generation' | 'handled' | 'finishedAt'>;

/**
 * The record of a namespace; undefined if it is that of a former one with the same name, which was deleted: its last request had
 * ended before this one got its ConfigMap. An Application that Skipper has written shows that only the ConfigMap was replaced.
 */
export function currentRecord<Known extends Ended>(
  record: Known | undefined,
  { config, application }: Pick<NamespaceSnapshot, 'config' | 'application'>,
): Known | undefined {
  if (record === undefined || application?.origin !== undefined || !config?.ok) return record;
  const { generation, handled, finishedAt } = record;
  const { createdAt } = config.value;
  const isOver = generation === handled && finishedAt !== undefined && createdAt !== undefined;
  return isOver && finishedAt < createdAt ? undefined : record;
}

/** Those of many namespaces. */
export function currentRecords<Known extends Ended>(
  records: ReadonlyMap<string, Known>,
  snapshotOf: (namespace: string) => Pick<NamespaceSnapshot, 'config' | 'application'>,
): ReadonlyMap<string, Known> {
  return new Map(
    [...records].filter(([namespace, record]) => currentRecord(record, snapshotOf(namespace)) !== undefined),
  );
}

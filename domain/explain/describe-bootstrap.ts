import { BOOTSTRAP_POD } from '../cluster/names.ts';
import type { BootstrapRecord } from '../rollout/attempt.ts';
import type { Symptom } from '../symptom.ts';

/** How a bootstrap pod ended: `ended with exit code 1 (Error)`. */
export function bootstrapEnd({ exitCode, reason }: Pick<BootstrapRecord, 'exitCode' | 'reason'>): string {
  const end = exitCode === undefined ? 'had not ended' : `ended with exit code ${exitCode}`;
  return reason === undefined ? end : `${end} (${reason})`;
}

/** A bootstrap pod's end and events, line by line; without its log. */
export function describeBootstrap(record: BootstrapRecord): string[] {
  return [
    `bootstrap pod ${bootstrapEnd(record)}`,
    ...record.events.map((event) => `bootstrap pod event: ${event}`),
  ];
}

/** Warnings about the bootstrap pod of an FDD that is verified nevertheless. */
export function bootstrapWarnings(record: BootstrapRecord | undefined): string[] {
  if (!record || record.exitCode === 0) return [];
  const end = record.exitCode === undefined ? 'did not end by its deadline' : bootstrapEnd(record);
  return [`FDD is verified, but its bootstrap pod ${end}`];
}

/** How a bootstrap pod ended, as data; empty if it had not. */
export function bootstrapSymptom({ exitCode, reason }: BootstrapRecord): Symptom[] {
  if (exitCode === undefined) return [];
  const about = { kind: 'pod', pod: BOOTSTRAP_POD, isBootstrap: true, restarts: 0 } as const;
  return [{ ...about, state: 'terminated', exitCode, reason }];
}

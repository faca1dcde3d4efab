import type { NamespaceSnapshot } from '../domain/cluster/observed.ts';
import { type ErrorCode, SkipperError } from '../domain/errors.ts';
import { gone, leaving, withConfig } from './read-config.ts';
import type { RunContext } from './run-context.ts';
import { untilChange } from './until-change.ts';

/** What a namespace that is being deleted looks like: it loses role bindings, pods and FDD's objects in any order. */
const SIGNS_OF_DELETION: readonly ErrorCode[] = [
  'forbidden',
  'bootstrap_failed',
  'fdd_failed',
  'progress_deadline',
  'changed_by_others',
  'application_deleting',
  'deployment_deleting',
];
/** Its ConfigMap may be the last to go. */
const CONFIG_GONE_WITHIN_MS = 2_000;

/** The namespace's own end, if that is why the run failed: then nothing has failed. */
export async function whyGone(error: unknown, context: RunContext): Promise<SkipperError | undefined> {
  if (!(error instanceof SkipperError) || !SIGNS_OF_DELETION.includes(error.code)) return undefined;
  if (context.signal.aborted) return undefined;
  const deadline = Date.now() + (mayComeFirst(error) ? CONFIG_GONE_WITHIN_MS : 0);
  for (;;) {
    const config = await readConfig(context).catch(() => 'unknown' as const);
    if (config === 'unknown') return undefined;
    if (config === undefined) return gone();
    if (config.ok && config.value.isDeleting) return leaving();
    const leftMs = deadline - Date.now();
    if (leftMs <= 0) return undefined;
    await untilChange(context.cluster, context.namespace, leftMs, context.signal);
  }
}

function mayComeFirst({ code, message, details }: SkipperError): boolean {
  return code === 'bootstrap_failed' || /being terminated/.test([message, ...details].join('\n'));
}

async function readConfig(context: RunContext): Promise<NamespaceSnapshot['config']> {
  return (await withConfig(context.cluster.snapshot(context.namespace), context)).config;
}

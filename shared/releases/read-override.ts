import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { parseOverride, type Spec } from '../../domain/release/release.ts';

/** Reads the override file; a missing file means no override, an invalid one is logged and ignored, as upstream does. */
export async function readOverride(path: string, log: Logger): Promise<Spec> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  const override = parseOverride(text);
  if (override.ok) return override.value;
  log.error({ path, reason: override.reason }, 'spec override is ignored: correct the file and restart');
  return {};
}

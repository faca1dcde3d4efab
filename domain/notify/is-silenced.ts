import { parseSpan } from '../deploy-window.ts';
import { closureAt } from '../rollout/closure.ts';
import type { Receiver } from './notify-config.ts';

/** True while one of the receiver's silences lasts: what happens then is not sent, also not later. */
export function isSilenced({ silences = [], timeZone }: Receiver, at: number): boolean {
  const spans = silences.flatMap((text) => parseSpan(text) ?? []);
  if (spans.length === 0 || timeZone === undefined) return false;
  return closureAt({ windows: { text: silences.join('; '), timeZone, spans } }, at) === undefined;
}

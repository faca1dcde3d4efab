import * as z from 'zod';
import { DeployWindow, parseDeployWindow } from '../deploy-window.ts';
import { isLabelValue } from '../release/image.ts';

const PREFIX = 'skipper.fiaas.io/';
const NAMES = ['canary', 'hold', 'pin', 'priority', 'window'] as const;
type Name = (typeof NAMES)[number];
/** The name of an annotation that Skipper reads. */
export type RolloutAnnotation = `${typeof PREFIX}${string}`;

/** What the owner of a namespace wants of rollouts, as annotations of its ConfigMap. */
export const RolloutAnnotations = z
  .object({
    canary: z.boolean().optional().describe('It offers itself as a canary'),
    priority: z.number().int().optional().describe('Higher ones go first; 0 if left out'),
    pin: z.string().optional().describe('The only version that it gets automatically'),
    hold: z.string().optional().describe('Why it gets nothing automatically'),
    window: DeployWindow.optional().describe('When automatic deploys can begin'),
  })
  .meta({ id: 'RolloutAnnotations' });
export type RolloutAnnotations = Readonly<z.infer<typeof RolloutAnnotations>>;

export type RolloutAnnotationsResult =
  | { readonly ok: true; readonly value: RolloutAnnotations | undefined }
  | { readonly ok: false; readonly name: RolloutAnnotation; readonly reason: string };

/** Undefined if the ConfigMap has none. An unknown name below the prefix is refused: a misspelt hold would hold nothing. */
export function parseRolloutAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
): RolloutAnnotationsResult {
  let value: RolloutAnnotations | undefined;
  for (const [key, text] of Object.entries(annotations ?? {})) {
    if (!isOwn(key)) continue;
    const name = NAMES.find((each) => key === `${PREFIX}${each}`);
    if (name === undefined) return refused(key, `is not known: the annotations are ${NAMES.join(', ')}`);
    const parsed = PARSERS[name](text.trim());
    if (typeof parsed === 'string') return refused(key, `${JSON.stringify(text)} ${parsed}`);
    value = { ...value, ...parsed };
  }
  return { ok: true, value };
}

function isOwn(key: string): key is RolloutAnnotation {
  return key.startsWith(PREFIX);
}

function refused(name: RolloutAnnotation, reason: string): RolloutAnnotationsResult {
  return { ok: false, name, reason: `annotation ${name} ${reason}` };
}

/** The value, or what is wrong with it. */
const PARSERS: Readonly<Record<Name, (text: string) => RolloutAnnotations | string>> = {
  canary: (text) =>
    text === 'true' || text === 'false' ? { canary: text === 'true' } : 'must be "true" or "false"',
  hold: (text) => (text === '' ? 'must be the reason of the hold' : { hold: text }),
  pin: (text) =>
    text !== '' && isLabelValue(text) ? { pin: text } : 'must be a version, such as "20220808113256-eef68a8"',
  priority: (text) =>
    /^[+-]?\d{1,6}$/.test(text) ? { priority: Number(text) } : 'must be a whole number, such as "10"',
  window: (text) => {
    const parsed = parseDeployWindow(text);
    return parsed.ok ? { window: parsed.window } : parsed.reason;
  },
};

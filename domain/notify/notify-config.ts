import * as z from 'zod';
import { isTimeZone, parseSpan, TIME_ZONE_ADVICE, WINDOW_ADVICE } from '../deploy-window.ts';
import { describeFileProblem, type Path, parseYamlFile } from '../parse-yaml-file.ts';
import { Duration, toMs } from '../rollout/strategy.ts';
import { CHOSEN_EVENTS, DEFAULT_EVENTS } from './event-kind.ts';

const MAX_RECEIVERS = 50;
const NAME = 'must be a name of lower-case letters, digits and "-", at most 40 characters, such as ops';
const TYPE = 'must be slack or webhook';
const EVENT = `must be an event: ${CHOSEN_EVENTS.join(', ')}`;
const EVENTS = `must be a list of events: ${CHOSEN_EVENTS.join(', ')}`;
const FILE = 'must be the path of a file';
/** Without the value: it can be a secret. */
const URL_ADVICE = 'must be a URL that begins with https:// or http://';

const path = z.string({ error: FILE }).min(1, { error: FILE }).optional();

const Receiver = z
  .strictObject(
    {
      name: z.string({ error: NAME }).regex(/^[a-z0-9][a-z0-9-]{0,39}$/, { error: NAME }),
      type: z.enum(['slack', 'webhook'], { error: TYPE }),
      url: z
        .string({ error: URL_ADVICE })
        .refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), { error: URL_ADVICE })
        .optional(),
      urlFile: path.describe('A file with the URL, if it is a secret'),
      secretFile: path.describe('A file with the secret that signs what is sent to a webhook'),
      events: z
        .array(z.enum(CHOSEN_EVENTS, { error: EVENT }), { error: EVENTS })
        .min(1, { error: EVENTS })
        .readonly()
        .default(DEFAULT_EVENTS),
      silences: z
        .array(
          z
            .string({ error: WINDOW_ADVICE })
            .refine((text) => parseSpan(text) !== undefined, { error: WINDOW_ADVICE }),
          { error: 'must be a list of windows, such as ["Sat,Sun 00:00-24:00"]' },
        )
        .readonly()
        .optional()
        .describe('When nothing is sent'),
      timeZone: z
        .string({ error: TIME_ZONE_ADVICE })
        .refine(isTimeZone, { error: TIME_ZONE_ADVICE })
        .optional()
        .describe('Of the silences'),
    },
    { error: 'must be a mapping with name, type, and url or urlFile' },
  )
  .superRefine(({ type, url, urlFile, secretFile, silences, timeZone }, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (url === undefined && urlFile === undefined) refuse('urlFile', 'must be given, or url');
    if (url !== undefined && urlFile !== undefined) refuse('url', 'must be left out: there is a urlFile');
    if (type === 'slack' && secretFile !== undefined)
      refuse('secretFile', 'must be left out: Slack does not check signatures; its URL is the secret');
    if (silences && timeZone === undefined) refuse('timeZone', `${TIME_ZONE_ADVICE}: the silences need one`);
  });
/** Where notifications go. */
export type Receiver = Readonly<z.infer<typeof Receiver>>;

export const NotifyConfig = z.strictObject(
  {
    groupWait: Duration.default('30s')
      .refine((wait) => toMs(wait) <= 3_600_000, { error: 'must be at most 1h' })
      .describe('How long more events are waited for before they are sent as one message'),
    receivers: z
      .array(Receiver, { error: 'must be a list of receivers, each with name, type, and url or urlFile' })
      .max(MAX_RECEIVERS, { error: `must have at most ${MAX_RECEIVERS} receivers` })
      .readonly()
      .default([])
      .superRefine(refuseSameNames),
  },
  { error: 'must be a mapping with receivers, and optionally groupWait' },
);
export type NotifyConfig = Readonly<z.infer<typeof NotifyConfig>>;

export const NO_RECEIVERS: NotifyConfig = { groupWait: '30s', receivers: [] };

export type NotifyConfigResult =
  | { readonly ok: true; readonly content: NotifyConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the file of `--notifications`. An empty file has no receivers. */
export function parseNotifyConfig(text: string): NotifyConfigResult {
  const parsed = parseYamlFile(text, NotifyConfig, knownFields);
  if (parsed.ok) return parsed;
  return { ok: false, problems: parsed.problems.map((problem) => describeFileProblem(problem, 'the file')) };
}

export function groupWaitMs({ groupWait }: NotifyConfig): number {
  return toMs(groupWait);
}

function refuseSameNames(receivers: readonly { readonly name: string }[], context: z.RefinementCtx): void {
  receivers.forEach(({ name }, index) => {
    if (receivers.findIndex((other) => other.name === name) === index) return;
    context.addIssue({
      code: 'custom',
      path: [index, 'name'],
      message: `must differ: ${name} is there twice`,
    });
  });
}

function knownFields(parent: Path): string {
  const shape = parent.length === 0 ? NotifyConfig.shape : Receiver.shape;
  return `fields are ${Object.keys(shape).join(', ')}`;
}

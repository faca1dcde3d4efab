import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { Rollout, RolloutTarget } from '../../domain/rollout/rollout.ts';
import { RolloutEvent, RolloutStatus, TargetPlan } from '../../domain/rollout/rollout-status.ts';

const SavedRelease = z.object({
  image: z.string(),
  version: z.string(),
  config: z.record(z.string(), z.unknown()),
});

const SavedRollout = z.object({
  rollout: Rollout,
  status: RolloutStatus,
  targets: z.record(z.string(), RolloutTarget),
  plans: z.record(z.string(), TargetPlan),
  events: z.array(RolloutEvent),
});
export type SavedRollout = Readonly<z.infer<typeof SavedRollout>>;

const texts = z.record(z.string(), z.string());

/** What is saved outside of Redis: what operators have decided, and the rollouts that have not ended. */
export const SavedContent = z.object({
  format: z.literal(1),
  /** Of the keys in Redis: two Skippers must not share a copy. */
  prefix: z.string(),
  /** Id of the epoch that it was read in. */
  epoch: z.string(),
  /** When that epoch was opened. */
  epochAt: z.number().default(0),
  /** How often copies had been saved in it, with this one. */
  saves: z.number().default(0),
  savedAt: z.number(),
  /** Hashes as they are in Redis, by the name of the key. */
  hashes: z.record(z.string(), texts),
  /** Other keys, also as they are in Redis. */
  texts,
  deploysPaused: z.boolean(),
  rollouts: z.array(SavedRollout),
  /** Ids of open rollouts that had no room. */
  leftOut: z.array(z.string()).default([]),
  /** By key. */
  releases: z.record(z.string(), SavedRelease),
});
export type SavedContent = Readonly<z.infer<typeof SavedContent>>;

/** The API server accepts 1 MiB. */
export const MAX_BYTES = 880 * 1024;

export interface Encoded {
  /** gzip, base64. */
  readonly data: string;
  /** What did not fit. */
  readonly leftOut: readonly string[];
}

/** What does not fit is left out: first the timelines, then the largest rollouts. */
export function encodeSaved(content: SavedContent, maxBytes = MAX_BYTES): Encoded {
  const whole = gzip(content);
  if (whole.length <= maxBytes) return { data: whole.toString('base64'), leftOut: [] };
  let rollouts = content.rollouts.map((each) => ({ ...each, events: [] }));
  const leftOut = ['the timelines of rollouts'];
  const ids: string[] = [];
  for (;;) {
    const fits = gzip({ ...content, rollouts, leftOut: ids });
    const largest = rollouts.toSorted((a, b) => sizeOf(b) - sizeOf(a))[0];
    if (fits.length <= maxBytes || largest === undefined) return { data: fits.toString('base64'), leftOut };
    leftOut.push(`rollout ${largest.rollout.id}`);
    ids.push(largest.rollout.id);
    rollouts = rollouts.filter((each) => each !== largest);
  }
}

/** Throws if it is damaged, or of a format that this version does not know. */
export function decodeSaved(data: string): SavedContent {
  return SavedContent.parse(JSON.parse(gunzipSync(Buffer.from(data, 'base64')).toString('utf8')));
}

function gzip(content: SavedContent): Buffer {
  return gzipSync(JSON.stringify(content));
}

function sizeOf({ targets }: SavedRollout): number {
  return Object.keys(targets).length;
}

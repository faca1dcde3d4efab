import * as z from 'zod';
import { EventKind } from './event-kind.ts';

/** What has the same cause, or belongs to the same rollout. */
export const MessageItem = z.object({
  reason: z.string(),
  namespaces: z.array(z.string()).readonly().describe('The first ones'),
  count: z.number().int().describe('How many namespaces it is about'),
  rolloutId: z.string().optional(),
  release: z.string().optional(),
  channel: z.string().optional(),
  rule: z.string().optional(),
  by: z.string().optional().describe('The person who did it; left out for an automatic decision'),
});
export type MessageItem = Readonly<z.infer<typeof MessageItem>>;

/** One notification, before it is written for a kind of receiver. It has no URL and no secret: it waits in Redis. */
export const Message = z.object({
  id: z.string().describe('The same for each try to deliver it'),
  event: EventKind,
  at: z.number().int().describe('When the first of it happened, in milliseconds since the epoch'),
  title: z.string(),
  items: z.array(MessageItem).readonly(),
  moreItems: z.number().int().describe('How many were left out'),
  path: z.string().describe('Of the page that shows it, below the base path'),
});
export type Message = Readonly<z.infer<typeof Message>>;

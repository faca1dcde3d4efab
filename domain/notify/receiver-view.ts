import * as z from 'zod';
import { EventKind } from './event-kind.ts';

const milliseconds = z.number().describe('Milliseconds since the epoch');

/** A receiver, without its URL: anybody who knows that can send to it. */
export const ReceiverView = z
  .object({
    name: z.string(),
    type: z.enum(['slack', 'webhook']),
    events: z.array(EventKind).readonly(),
    isSigned: z.boolean(),
    isSilenced: z.boolean().describe('Nothing is sent now'),
    deliveredAt: milliseconds.optional(),
    failed: z.object({ at: milliseconds, reason: z.string() }).optional().describe('The last failure'),
  })
  .meta({ id: 'Receiver' });
export type ReceiverView = Readonly<z.infer<typeof ReceiverView>>;

export const ReceiverList = z
  .object({
    receivers: z.array(ReceiverView).readonly(),
    problem: z
      .string()
      .optional()
      .describe('What is wrong with the file now; the receivers that were read before stay in use'),
  })
  .meta({ id: 'ReceiverList' });
export type ReceiverList = Readonly<z.infer<typeof ReceiverList>>;

export const NotificationTest = z
  .object({
    results: z
      .array(z.object({ receiver: z.string(), delivered: z.boolean(), error: z.string().optional() }))
      .readonly(),
  })
  .meta({ id: 'NotificationTest' });
export type NotificationTest = Readonly<z.infer<typeof NotificationTest>>;

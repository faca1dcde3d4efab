import * as z from 'zod';
import { FleetRow } from './fleet-row.ts';
import { FleetSummary } from './fleet-summary.ts';

const position = z
  .string()
  .describe(
    '`<epoch>.<sequence>`: the epoch identifies the API process, the sequence grows with every change',
  );
/** So that "since" and "in 12 s" are correct even if the client's clock is wrong. */
const now = z.number().int().describe("The server's clock, in milliseconds since the epoch");

/** `GET /api/fleet`: a snapshot of the whole fleet. */
export const FleetDocument = z
  .object({ position, now, summary: FleetSummary, rows: z.array(FleetRow).readonly() })
  .meta({ id: 'Fleet' });
export type FleetDocument = Readonly<z.infer<typeof FleetDocument>>;

/**
 * `GET /api/fleet/events?since=<position>`, server-sent events. Each has its position as event id, so that a browser sends
 * its last position when it reconnects (Last-Event-ID).
 * - `reset`: a FleetDocument, if the position is unknown (another API process answers): it replaces everything.
 * - `rows`: RowsEvent, what has changed since.
 * - `summary`: FleetSummary, when it has changed; at most once a second.
 * - `tick`: TickEvent, every five seconds: a client that gets none for ten seconds is disconnected.
 */
export const RowsEvent = z.object({
  position,
  rows: z.array(FleetRow).readonly(),
  gone: z.array(z.string()).readonly().describe('Namespaces that no longer exist'),
});
export type RowsEvent = Readonly<z.infer<typeof RowsEvent>>;

export const TickEvent = z.object({ now });
export type TickEvent = Readonly<z.infer<typeof TickEvent>>;

/** The data of one event. */
export const FleetEvent = z
  .union([
    FleetDocument.describe('reset: replaces everything'),
    RowsEvent.describe('rows: the changed rows, and the namespaces that no longer exist'),
    FleetSummary.describe('summary'),
    TickEvent.describe('tick'),
  ])
  .describe('The data of one event; its `event` field names the type')
  .meta({ id: 'FleetEvent' });

export const TICK_INTERVAL_MS = 5_000;

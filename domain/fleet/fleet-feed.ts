import * as z from 'zod';
import { FleetRow } from './fleet-row.ts';
import { FleetSummary } from './fleet-summary.ts';

const position = z
  .string()
  .describe(
    '`<epoch>.<sequence>`: the epoch names the API process, the sequence grows with every change it has seen',
  );
/** So that "since" and "in 12 s" are right on a machine whose clock is not. */
const now = z.number().int().describe("The server's clock, in milliseconds since the epoch");

/** `GET /api/fleet`: the whole fleet at one moment. */
export const FleetDocument = z
  .object({ position, now, summary: FleetSummary, rows: z.array(FleetRow).readonly() })
  .meta({ id: 'Fleet' });
export type FleetDocument = Readonly<z.infer<typeof FleetDocument>>;

/**
 * `GET /api/fleet/events?since=<position>`, server-sent events. Each has its position as event id, so a browser that
 * reconnects reports where it was (Last-Event-ID).
 * - `reset`: a FleetDocument, if the position is unknown (another API process answers): it replaces everything.
 * - `rows`: RowsEvent, what has changed since.
 * - `summary`: FleetSummary, when it has changed; at most once a second.
 * - `tick`: TickEvent, every five seconds: a client that hears none for twice as long is disconnected.
 */
export const RowsEvent = z.object({
  position,
  rows: z.array(FleetRow).readonly(),
  gone: z.array(z.string()).readonly().describe('Namespaces that are gone'),
});
export type RowsEvent = Readonly<z.infer<typeof RowsEvent>>;

export const TickEvent = z.object({ now });
export type TickEvent = Readonly<z.infer<typeof TickEvent>>;

/** The data of one event. */
export const FleetEvent = z
  .union([
    FleetDocument.describe('reset: replaces everything'),
    RowsEvent.describe('rows: what has changed, and the namespaces that are gone'),
    FleetSummary.describe('summary'),
    TickEvent.describe('tick'),
  ])
  .describe('The data of one event; its `event` field says which of these it is')
  .meta({ id: 'FleetEvent' });

export const TICK_INTERVAL_MS = 5_000;

import { FleetDocument, FleetEvent } from '../../domain/fleet/fleet-feed.ts';
import { type Call, route } from '../route.ts';

export const fleetRoute = route({
  method: 'get',
  path: '/api/fleet',
  operationId: 'getFleet',
  summary: 'A snapshot of the whole fleet: a row per namespace, and the summary',
  mutates: false,
  responses: { 200: { description: 'The fleet', schema: FleetDocument } },
  handle: async ({ view }) => {
    await view.refresh();
    return { status: 200, body: view.document() };
  },
});

export const fleetEventsRoute = route({
  method: 'get',
  path: '/api/fleet/events',
  operationId: 'streamFleet',
  summary:
    'Changes of the fleet as server-sent events: `rows`, `summary`, `tick` every five seconds, and `reset` if the position is unknown',
  mutates: false,
  query: {
    since: 'Position after which to start (`position` of the fleet); Last-Event-ID takes precedence',
  },
  responses: {
    200: {
      description: 'An endless stream of events; each has its position as id',
      schema: FleetEvent,
      contentType: 'text/event-stream',
    },
  },
  handle: async (call) => ({
    stream: (response) => call.events.attach(response, positionOf(call)),
  }),
});

/** A browser that reconnects requests the same URL, and sends its latest position in the header. */
function positionOf({ headers, query }: Call<unknown>): string | undefined {
  const last = headers['last-event-id'];
  if (last !== undefined && last !== '') return last;
  return typeof query.since === 'string' ? query.since : undefined;
}

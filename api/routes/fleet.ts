import { FleetDocument, FleetEvent } from '../../domain/fleet/fleet-feed.ts';
import { type Call, route } from '../route.ts';

export const fleetRoute = route({
  method: 'get',
  path: '/api/fleet',
  operationId: 'getFleet',
  summary: 'The whole fleet at one moment: a row per namespace, and the summary',
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
    'What changes in the fleet, as server-sent events: `rows`, `summary`, `tick` every five seconds, and `reset` where the position is unknown',
  mutates: false,
  query: {
    since: 'Position of what is known already (`position` of the fleet); Last-Event-ID wins over it',
  },
  responses: {
    200: {
      description: 'Events without end; each has its position as id',
      schema: FleetEvent,
      contentType: 'text/event-stream',
    },
  },
  handle: async (call) => ({
    stream: (response) => call.events.attach(response, positionOf(call)),
  }),
});

/** A browser that reconnects asks the same URL again, and says in the header how far it has come since. */
function positionOf({ headers, query }: Call<unknown>): string | undefined {
  const last = headers['last-event-id'];
  if (last !== undefined && last !== '') return last;
  return typeof query.since === 'string' ? query.since : undefined;
}

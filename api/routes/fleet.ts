import * as z from 'zod';
import { FLEET_COLUMNS } from '../../domain/fleet/fleet-columns.ts';
import { FleetDocument, FleetEvent } from '../../domain/fleet/fleet-feed.ts';
import { CSV_LINE_END, toCsv } from '../../domain/to-csv.ts';
import { selectRows } from '../../web/fleet/select-rows.ts';
import { parseSelection } from '../../web/fleet/url-state.ts';
import { type Call, route } from '../route.ts';

export const fleetRoute = route({
  method: 'get',
  path: '/api/fleet',
  operationId: 'getFleet',
  summary: 'A snapshot of the whole fleet: a row per namespace, and the summary',
  mutates: false,
  responses: { 200: { description: 'The fleet', schema: FleetDocument } },
  handle: async ({ view, answers }) => {
    await view.refresh();
    return { status: 200, body: answers.fleet() };
  },
});

const FleetCsv = z.string().meta({ id: 'FleetCsv' });

export const fleetCsvRoute = route({
  method: 'get',
  path: '/api/fleet.csv',
  operationId: 'getFleetAsCsv',
  summary: 'The fleet as CSV (RFC 4180), for spreadsheets; filtered and sorted like the page',
  mutates: false,
  query: Object.fromEntries(
    ['q', 'health', 'status', 'channel', 'version', 'cause', 'rollout', 'sort'].map((name) => [
      name,
      `As in the address of the fleet page: \`/status?${name}=…\``,
    ]),
  ),
  responses: { 200: { description: 'A line per namespace', schema: FleetCsv, contentType: 'text/csv' } },
  handle: async ({ view, query }) => {
    await view.refresh();
    const { rows } = selectRows(view.document().rows, parseSelection(toSearchParams(query)));
    const text = toCsv(rows, FLEET_COLUMNS).join(CSV_LINE_END);
    return {
      stream: (response) => {
        response.writeHead(200, {
          'content-type': 'text/csv; charset=utf-8; header=present',
          'content-disposition': 'attachment; filename="skipper-fleet.csv"',
          'cache-control': 'no-store',
        });
        response.end(`${text}${CSV_LINE_END}`);
      },
    };
  },
});

/** The server reads `?health=a&health=b` as a list. */
function toSearchParams(query: Readonly<Record<string, unknown>>): URLSearchParams {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, String(each)]),
  );
  return new URLSearchParams(pairs);
}

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
  headers: {
    'Last-Event-ID': { description: 'The position of the last event received', schema: z.string() },
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

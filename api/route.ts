import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Core } from '../shared/core.ts';
import type { AuditExports } from './audit-exports.ts';
import type { WorkBounds } from './bound-work.ts';
import type { EventHub } from './fleet-view/event-hub.ts';
import type { FleetView } from './fleet-view/fleet-view.ts';
import type { ObjectReader } from './namespace-details/object-reader.ts';
import type { PodLogs } from './pod-logs.ts';
import type { Receivers } from './receivers.ts';
import type { ReleaseChecks } from './release-checks.ts';
import type { ReleaseHook } from './release-hook.ts';
import type { SharedAnswers } from './shared-answers.ts';

/** The services that handlers use. */
export interface RouteServices
  extends Pick<
    Core,
    | 'service'
    | 'commands'
    | 'healing'
    | 'plans'
    | 'policy'
    | 'rollBack'
    | 'state'
    | 'cluster'
    | 'client'
    | 'releases'
    | 'log'
  > {
  readonly view: FleetView;
  readonly events: EventHub;
  readonly auditExports: AuditExports;
  readonly releaseChecks: ReleaseChecks;
  readonly releaseHook: ReleaseHook;
  readonly podLogs: PodLogs;
  readonly receivers: Receivers;
  readonly objects: ObjectReader;
  readonly answers: SharedAnswers;
}

/** The input of a handler: the request as validated plain data, and the services. */
export interface Call<Body> extends RouteServices {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Body;
  /** The raw body, for fingerprints. */
  readonly rawBody: string;
  /** The request has the token, or none is needed: it may see logs and environments. */
  readonly isTrusted: boolean;
  /** The caller, if known. */
  readonly caller: string;
  /** What every link begins with. */
  readonly base: string;
}

export interface Answer {
  readonly status: number;
  /** JSON that is serialized already is a Buffer. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A streaming response, which lasts until either side ends it. */
export interface StreamedAnswer {
  readonly stream: (response: ServerResponse) => void;
}

/** One route of the API: mounting, documentation and authorization are derived from the table of these. */
export interface Route {
  readonly method: 'get' | 'post';
  /** In Express's syntax: `/api/namespaces/:namespace` */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** Kept for old clients; marked in the OpenAPI document. */
  readonly deprecated?: boolean;
  /** Changes something: needs authorization and a same-origin request. */
  readonly mutates: boolean;
  /** Its signature authorizes it instead of the token, and programs of other sites may send it. */
  readonly signed?: boolean;
  /** Shows objects of the cluster as they are: reading needs authorization as well. */
  readonly showsObjects?: boolean;
  /** Shows more to those who are authorized. */
  readonly showsMoreWithToken?: boolean;
  readonly body?: z.ZodType;
  /** How many requests are worked on at once, and how many more wait. */
  readonly bounds?: WorkBounds;
  /** The query parameters with their descriptions. */
  readonly query?: Readonly<Record<string, string>>;
  /** The headers that it reads, with their meaning. */
  readonly headers?: Readonly<Record<string, RouteHeader>>;
  /** Its own; those that any route can answer with are added to the document. */
  readonly responses: Readonly<Record<number, RouteResponse>>;
  readonly handle: (call: Call<unknown>) => Promise<Answer | StreamedAnswer>;
}

export interface RouteHeader {
  readonly description: string;
  readonly schema: z.ZodType;
}

export interface RouteResponse {
  readonly description: string;
  readonly schema: z.ZodType;
  /** Default: JSON, and problem+json from 400 on. */
  readonly contentType?: string;
  /** Response headers with their descriptions. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Declares a route whose handler gets the body with the type of its schema. */
export function route<Body>(
  declaration: Omit<Route, 'body' | 'handle'> & {
    body?: z.ZodType<Body>;
    handle: (call: Call<Body>) => Promise<Answer | StreamedAnswer>;
  },
): Route {
  return declaration as Route;
}

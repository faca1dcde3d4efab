import type { z } from 'zod';
import type { Core } from '../shared/core.ts';

/** What a handler is given: plain data, already checked. */
export interface Call<Body> {
  readonly core: Core;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Body;
  /** The raw body, for fingerprints. */
  readonly rawBody: string;
  /** Who asks, as far as it is known. */
  readonly caller: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One line of the API: the table of these is what is mounted, documented and authorized. */
export interface Route {
  readonly method: 'get' | 'post';
  /** Express' spelling: `/api/namespaces/:namespace` */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** Changes something: needs authorization and a same-origin request. */
  readonly mutates: boolean;
  readonly body?: z.ZodType;
  readonly responses: Readonly<Record<number, { readonly description: string; readonly schema: z.ZodType }>>;
  readonly handle: (call: Call<unknown>) => Promise<Answer>;
}

/** Declares a route whose handler gets the body in its schema's type. */
export function route<Body>(
  declaration: Omit<Route, 'body' | 'handle'> & {
    body?: z.ZodType<Body>;
    handle: (call: Call<Body>) => Promise<Answer>;
  },
): Route {
  return declaration as Route;
}

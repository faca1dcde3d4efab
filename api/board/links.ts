import { AsyncLocalStorage } from 'node:async_hooks';
import type { ExternalJobUrl } from '@bull-board/api/typings/app';
import type { RequestHandler } from 'express';
import { baseOf } from '../base-path.ts';

/** The base path of the request that the board is answering: the library builds links without access to the request. */
const base = new AsyncLocalStorage<string>();

export const rememberBase: RequestHandler = (_request, response, next) => base.run(baseOf(response), next);

/** A path of ours, as the client of the current request reaches it. */
export function linkTo(path: string): string {
  return (base.getStore() ?? '') + path;
}

/** From a job to its namespace on the fleet page. */
export function statusPageOf(namespace: string, displayText: string): ExternalJobUrl {
  return { href: linkTo(`/status/${encodeURIComponent(namespace)}`), displayText };
}

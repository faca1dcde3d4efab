import type { Request, RequestHandler, Response } from 'express';
import { parseBasePath } from '../shared/base-path.ts';
import { OPERATIONS } from '../shared/http/operations.ts';
import { HttpProblem } from './problem.ts';

const HEADER = 'x-forwarded-prefix';

/** The path under which the client of this request reaches Skipper, without a trailing slash: every link begins with it. */
export function baseOf(response: Response): string {
  return String(response.locals.base ?? '');
}

/**
 * Removes the base path from a request's URL, so that everything after this handler works as at the root, and notes the path
 * for links: a trusted proxy names what it has removed in X-Forwarded-Prefix.
 */
export function takeBasePath(basePath: string): RequestHandler {
  return (request, response, next) => {
    const prefix = forwardedPrefix(request);
    // A proxy can name the base path, too, whether it has removed it or not.
    response.locals.base = prefix.endsWith(basePath) ? prefix : prefix + basePath;
    response.locals.isOutside = !isBelow(request.path, basePath) && !prefix.endsWith(basePath);
    if (isBelow(request.path, basePath) && !OPERATIONS.includes(request.path)) {
      request.url = request.url.slice(basePath.length).replace(/^(?!\/)/, '/');
    }
    next();
  };
}

/** Requests beside the base path are not for this Skipper; the bare address is for people who have forgotten the path. */
export function refuseOutside(basePath: string): RequestHandler {
  return ({ method, path }, response, next) => {
    if (response.locals.isOutside !== true) return next();
    if (path === '/') return response.redirect(`${baseOf(response)}/status`);
    throw new HttpProblem(
      404,
      'not_found',
      `${method} ${path} is outside of ${basePath} (--base-path): if a proxy removes the path, it must send X-Forwarded-Prefix, and be named in --trust-proxy`,
    );
  };
}

function isBelow(path: string, basePath: string): boolean {
  return path === basePath || path.startsWith(`${basePath}/`);
}

/** Empty if nobody trusts the sender. Several proxies name their paths in order, the first one that of the client. */
function forwardedPrefix(request: Request): string {
  const given = request.get(HEADER);
  if (given === undefined || !isTrusted(request)) return '';
  const paths = given.split(',').map((path) => parseBasePath(path.trim()));
  return paths.includes(undefined) ? '' : paths.join('');
}

function isTrusted({ app, socket }: Request): boolean {
  const trusts = app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  return trusts(socket.remoteAddress, 0);
}

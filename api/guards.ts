import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { rememberSecret } from '../domain/hide-secrets.ts';
import { ConfigurationError } from '../shared/config.ts';
import { HttpProblem } from './problem.ts';
import type { Refusals } from './refusals.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Refuses cross-site requests: changing requests whose Origin or Sec-Fetch-Site header shows another site. Programs send
 * neither header and pass. Signed ones come from other sites, and no browser can be made to sign.
 */
export function refuseForeignOrigins(
  refusals: Refusals,
  signedPaths: readonly string[] = [],
): RequestHandler {
  return async (request, _response, next) => {
    const isExempt = SAFE_METHODS.includes(request.method) || signedPaths.includes(request.path);
    if (!isExempt && isForeign(request)) {
      const problem = new HttpProblem(403, 'foreign_origin', 'cross-site request refused');
      await refusals.refuse(request, 'foreign_origin', problem);
    }
    next();
  };
}

/** Nothing that would make it another part of a URL. */
const HOST = /^[^\s@/?#\\]+$/;

/** With --public-url, requests for another host are refused: a name that somebody points at this API opens nothing. */
export function requireHost(publicUrl: string | undefined, refusals: Refusals): RequestHandler {
  if (publicUrl === undefined) return (_request, _response, next) => next();
  const { host, protocol } = new URL(publicUrl);
  return async (request, _response, next) => {
    // Behind a trusted proxy, the host that its client has asked for.
    const given = request.host ?? '';
    // The default port of the scheme can be left out.
    if (!HOST.test(given) || hostOf(`${protocol}//${given}`) !== host) {
      const detail = `this API answers for ${host} only (--public-url), not for "${given}"`;
      await refusals.refuse(request, 'unknown_host', new HttpProblem(421, 'unknown_host', detail));
    }
    next();
  };
}

const NO_TOKEN = 'a token is required: send "Authorization: Bearer …"';
const WRONG_TOKEN = 'the token is wrong: it differs from the token in --auth-token-file of the API';

/** What requires the token, if there is one; it is sent as bearer, or as password by browsers. */
export interface TokenGuard {
  /** The request has the token, or none is needed. */
  isTrusted(request: Request): boolean;
  readonly forChanges: RequestHandler;
  /** For reading as well: what is read shows more than states. */
  readonly always: RequestHandler;
}

export function openTokenGuard(tokenFile: string | undefined, refusals: Refusals): TokenGuard {
  const pass: RequestHandler = (_request, _response, next) => next();
  if (tokenFile === undefined) return { isTrusted: () => true, forChanges: pass, always: pass };
  const token = readToken(tokenFile);
  rememberSecret(token);
  const isTrusted = (request: Request) => isSame(credentialOf(request), token);
  const always: RequestHandler = async (request, _response, next) => {
    if (!isTrusted(request)) await refuseToken(request, refusals);
    next();
  };
  return {
    isTrusted,
    always,
    forChanges: (request, response, next) =>
      SAFE_METHODS.includes(request.method) ? next() : always(request, response, next),
  };
}

function refuseToken(request: Request, refusals: Refusals): Promise<never> {
  const isMissing = credentialOf(request) === '';
  // A page that prompts for the token itself sends this header; with Basic the browser would open its own prompt, too.
  // Basic comes first: Chromium looks only at the first scheme.
  const basic = request.get('x-requested-with') === undefined ? 'Basic realm="skipper", ' : '';
  const problem = new HttpProblem(401, 'unauthenticated', isMissing ? NO_TOKEN : WRONG_TOKEN, {
    headers: { 'www-authenticate': `${basic}Bearer realm="skipper"` },
  });
  return refusals.refuse(request, isMissing ? 'token_missing' : 'token_wrong', problem);
}

/** Nothing from other hosts, nothing inline except styles, never in a frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

export function securityHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  });
  next();
}

function isForeign(request: Request): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = request.get('origin');
  // Behind a trusted proxy, the host that its client has asked for.
  return origin !== undefined && hostOf(origin) !== request.host;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function readToken(tokenFile: string): string {
  try {
    const token = readFileSync(tokenFile, 'utf8').trim();
    if (token !== '') return token;
  } catch (error) {
    throw new ConfigurationError(`--auth-token-file ${tokenFile} cannot be read: ${String(error)}`);
  }
  throw new ConfigurationError(`--auth-token-file ${tokenFile} is empty: put a token in it`);
}

function credentialOf(request: Request): string {
  const [scheme = '', value = ''] = (request.get('authorization') ?? '').split(' ');
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return '';
  return Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':');
}

function isSame(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

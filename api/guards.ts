import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NextFunction, Request, Response } from 'express';
import { rememberSecret } from '../domain/hide-secrets.ts';
import { ConfigurationError } from '../shared/config.ts';
import { HttpProblem } from './problem.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Refuses cross-site requests: changing requests whose Origin or Sec-Fetch-Site header shows another site. Programs send
 * neither header and pass.
 */
export function refuseForeignOrigins(request: Request, _response: Response, next: NextFunction): void {
  if (!SAFE_METHODS.includes(request.method) && isForeign(request)) {
    throw new HttpProblem(403, 'foreign_origin', 'cross-site request refused');
  }
  next();
}

const NO_TOKEN = 'a token is required: send "Authorization: Bearer …"';
const WRONG_TOKEN = 'the token is wrong: it differs from the token in --auth-token-file of the API';

/** Requires the token on every changing request; as bearer, or as password for browsers. */
export function requireToken(tokenFile: string | undefined) {
  if (tokenFile === undefined) return (_request: Request, _response: Response, next: NextFunction) => next();
  const token = readToken(tokenFile);
  rememberSecret(token);
  return (request: Request, _response: Response, next: NextFunction) => {
    const given = credentialOf(request);
    if (!SAFE_METHODS.includes(request.method) && !isSame(given, token)) {
      // A page that prompts for the token itself sends this header; with Basic the browser would open its own prompt, too.
      const basic = request.get('x-requested-with') === undefined ? ', Basic realm="skipper"' : '';
      throw new HttpProblem(401, 'unauthenticated', given ? WRONG_TOKEN : NO_TOKEN, {
        headers: { 'www-authenticate': `Bearer realm="skipper"${basic}` },
      });
    }
    next();
  };
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

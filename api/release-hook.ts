import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Request, RequestHandler } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { type Announcement, announcedEntry } from '../domain/audit/release-entries.ts';
import { messageOf } from '../domain/errors.ts';
import { rememberSecret } from '../domain/hide-secrets.ts';
import { ConfigurationError } from '../shared/config.ts';
import type { Core } from '../shared/core.ts';
import { type WebhookKey, webhookKey } from '../shared/notify/standard-webhooks.ts';
import { HttpProblem } from './problem.ts';
import type { Refusals } from './refusals.ts';
import type { ReleaseChecks } from './release-checks.ts';

/** So many a minute lead to a check: channels do not move more often. */
const CHECKS = { points: 30, duration: 60 } as const;
/** A signature counts for five minutes before and after its time: an id is known for longer than both. */
const KNOWN_SECONDS = 15 * 60;
const LONGEST_ID = 256;
const HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
const OFF = 'the hook is off: give the API --hook-secret-file';
const UNSIGNED = `this request needs the headers of Standard Webhooks: ${HEADERS.join(', ')}`;

/** What releases are announced to: by their signature, without the token. */
export interface ReleaseHook {
  /** Refuses what is not signed with the secret, or is too old. */
  readonly guard: RequestHandler;
  /** Requests a check of the release channels; false if this id has done so before. Refuses if new ids come too often. */
  accept(announcement: Announcement): Promise<boolean>;
}

export interface ReleaseHookParts {
  readonly secretFile: string | undefined;
  readonly state: Pick<Core['state'], 'noteHook' | 'forgetHook' | 'audit'>;
  readonly releaseChecks: ReleaseChecks;
  readonly refusals: Refusals;
}

export function openReleaseHook({
  secretFile,
  state,
  releaseChecks,
  refusals,
}: ReleaseHookParts): ReleaseHook {
  const keys = secretFile === undefined ? [] : readKeys(secretFile);
  const limiter = new RateLimiterMemory(CHECKS);
  return {
    guard: async (request, _response, next) => {
      if (keys.length === 0) throw new HttpProblem(404, 'hook_off', OFF);
      const reason = whyRefused(request, keys);
      if (reason !== undefined)
        await refusals.refuse(request, 'signature_wrong', new HttpProblem(401, 'unauthenticated', reason));
      next();
    },
    accept: async (announcement) => {
      const known = createHash('sha256').update(announcement.id).digest('base64url');
      if (!(await state.noteHook(known, KNOWN_SECONDS))) return false;
      try {
        await limit(limiter);
        await releaseChecks.request();
      } catch (error) {
        // Its sender tries again, with the same id.
        await state.forgetHook(known).catch(() => undefined);
        throw error;
      }
      await state.audit([announcedEntry(announcement, Date.now())]);
      return true;
    },
  };
}

function whyRefused(request: Request, keys: readonly WebhookKey[]): string | undefined {
  const headers = Object.fromEntries(HEADERS.map((name) => [name, request.get(name) ?? '']));
  if (Object.values(headers).some((value) => value === '')) return UNSIGNED;
  if ((headers['webhook-id'] ?? '').length > LONGEST_ID)
    return `webhook-id is longer than ${LONGEST_ID} characters`;
  const body = typeof request.body === 'string' ? request.body : '';
  const reasons = keys.map((key) => key.whyRefused(body, headers));
  if (reasons.includes(undefined)) return undefined;
  return `the signature is refused: ${reasons[0]}`;
}

async function limit(limiter: RateLimiterMemory): Promise<void> {
  try {
    await limiter.consume('all');
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
    throw new HttpProblem(429, 'too_many_requests', `too many releases: try again in ${seconds} s`, {
      headers: { 'retry-after': String(seconds) },
    });
  }
}

/** One secret for each line, so that a new one can be introduced before the old one is removed. */
function readKeys(secretFile: string): WebhookKey[] {
  const secrets = linesOf(secretFile);
  if (secrets.length === 0)
    throw new ConfigurationError(`--hook-secret-file ${secretFile} is empty: put a secret in it`);
  return secrets.map((secret) => {
    rememberSecret(secret);
    try {
      return webhookKey(secret);
    } catch (error) {
      throw new ConfigurationError(`--hook-secret-file ${secretFile}: ${messageOf(error)}`);
    }
  });
}

function linesOf(secretFile: string): string[] {
  try {
    const lines = readFileSync(secretFile, 'utf8').split('\n');
    return lines.map((line) => line.trim()).filter((line) => line !== '');
  } catch (error) {
    throw new ConfigurationError(`--hook-secret-file ${secretFile} cannot be read: ${messageOf(error)}`);
  }
}

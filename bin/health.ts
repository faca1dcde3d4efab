#!/usr/bin/env node
// The image's health check: `node dist/bin/health.js [PATH] [COMMAND LINE]` probes the skipper of this container, and exits
// with 0 if it is healthy. It has few imports: a probe must be cheap.
import { readFileSync } from 'node:fs';
import { healthUrl } from './health-url.ts';

const ANSWER_MS = 4_000;

const [path = '/healthz', ...given] = process.argv.slice(2);
const url = healthUrl(path, given.length > 0 ? given : firstProcess(), process.env);
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  console.log(await response.text());
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  const { cause } = error as Error;
  console.log(`${url}: ${cause instanceof Error ? cause.message : String(error)}`);
  process.exitCode = 1;
}

/** The command line of the container's first process: skipper itself, or an init with skipper's as its arguments. */
function firstProcess(): readonly string[] {
  try {
    return readFileSync('/proc/1/cmdline', 'utf8').split('\0');
  } catch {
    return [];
  }
}

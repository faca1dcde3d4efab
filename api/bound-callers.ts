import type { RequestHandler } from 'express';
import { tooMany } from './bound-work.ts';
import { callerOf } from './caller-of.ts';

/** So many requests of each caller at once: nobody takes the places of others before it is known who it is. */
export function boundCallers(what: string, atOnce: number): RequestHandler {
  const open = new Map<string, number>();
  return (request, response, next) => {
    const caller = callerOf(request);
    const count = open.get(caller) ?? 0;
    if (count >= atOnce) throw tooMany(what);
    open.set(caller, count + 1);
    response.once('close', () => {
      const left = (open.get(caller) ?? 1) - 1;
      if (left > 0) open.set(caller, left);
      else open.delete(caller);
    });
    next();
  };
}

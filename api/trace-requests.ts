import { SpanStatusCode } from '@opentelemetry/api';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { startServerSpan } from '../shared/telemetry/spans.ts';

/** A span for each request, named by its route, never by its path: `POST /api/deploy`. Continues the caller's `traceparent`. */
export function traceRequests(route: string): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const { span, run } = startServerSpan(
      `${request.method} ${route}`,
      {
        'http.request.method': request.method,
        'http.route': route,
        'url.path': request.originalUrl.split('?', 1)[0],
      },
      request.headers,
    );
    response.once('close', () => {
      span.setAttribute('http.response.status_code', response.statusCode);
      if (response.statusCode >= 500) {
        span.setAttribute('error.type', String(response.statusCode));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    });
    run(next);
  };
}

/** The same, only for changes: the requests of a page that polls would fill the trace store. */
export function traceChanges(route: string): RequestHandler {
  const traced = traceRequests(route);
  return (request, response, next) =>
    request.method === 'GET' || request.method === 'HEAD' ? next() : traced(request, response, next);
}

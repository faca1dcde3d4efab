import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { hideSecrets } from '../domain/hide-secrets.ts';
import { traceFields } from '../shared/telemetry/spans.ts';

export interface LogOptions {
  readonly format: 'plain' | 'json';
  readonly debug: boolean;
}

/** A logger on standard output; JSON lines carry upstream's field names. */
export function createLogger(
  options: LogOptions,
  destination: DestinationStream = destinationFor(options),
): Logger {
  return pino(
    {
      level: options.debug ? 'debug' : 'info',
      messageKey: 'message',
      errorKey: 'err',
      // Each part of Skipper adds its own name as `logger`.
      base: { '@version': 1 },
      timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
      mixin: traceFields,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      // Applied last, to the whole line: objects of libraries can have secrets in unexpected places.
      hooks: { streamWrite: hideSecrets },
      redact: [
        'req.headers.authorization',
        'req.headers.cookie',
        '*.token',
        '*.apiToken',
        'err.command.args',
      ],
    },
    destination,
  );
}

function destinationFor(options: LogOptions): DestinationStream {
  if (options.format === 'json') return pino.destination({ dest: 1, sync: true });
  return pretty({
    colorize: process.stdout.isTTY ?? false,
    messageKey: 'message',
    timestampKey: '@timestamp',
    translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l',
    ignore: '@version,logger,span_id',
    messageFormat: '{message} [{logger}]',
    singleLine: true,
    sync: true,
  });
}

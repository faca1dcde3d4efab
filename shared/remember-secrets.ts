import { rememberSecret } from '../domain/hide-secrets.ts';
import { SECRET_SETTINGS, type Settings, URL_SETTINGS } from './config.ts';
import { credentialsIn } from './url-credentials.ts';

/** Headers for the collector, which OpenTelemetry reads itself. */
const HEADER_VARIABLES = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'];

/** From now on, no log line, message or trace contains a secret of the settings. */
export function rememberSecrets(settings: Settings, env: Readonly<Record<string, string | undefined>>): void {
  const secrets = [
    ...SECRET_SETTINGS.map((name) => settings[name]),
    ...URL_SETTINGS.flatMap((name) => secretsIn(settings[name])),
    ...HEADER_VARIABLES.flatMap((name) => headerValues(env[name] ?? '')),
  ];
  for (const secret of secrets) if (secret !== undefined) rememberSecret(secret);
}

/** A user name without a password is a token. */
function secretsIn(url: string | undefined): string[] {
  const found = url === undefined ? undefined : credentialsIn(url);
  if (found === undefined) return [];
  const { user, password } = found;
  return [`${user}:${password}`, password === '' ? user : password];
}

function headerValues(headers: string): string[] {
  return headers.split(',').flatMap((header) => {
    const value = header.slice(header.indexOf('=') + 1).trim();
    const sent = decoded(value);
    return [value, sent, ...sent.split(' ').slice(1)];
  });
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

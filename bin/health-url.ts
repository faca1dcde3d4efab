/** The port on which each command answers probes: its flag, its variable, its default. */
const PORTS: Readonly<Record<string, readonly [flag: string, variable: string, port: string]>> = {
  api: ['--port', 'PORT', '5000'],
  standalone: ['--port', 'PORT', '5000'],
  worker: ['--worker-port', 'WORKER_PORT', '5001'],
};

/** The health URL of a `skipper` with these arguments. A port in the config file is ignored. */
export function healthUrl(
  path: string,
  commandLine: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const command = commandLine.find((word) => word in PORTS) ?? 'api';
  const [flag, variable, defaultPort] = PORTS[command] ?? ['--port', 'PORT', '5000'];
  const port = flagValue(commandLine, flag) || env[variable] || defaultPort;
  return `http://${hostOf(flagValue(commandLine, '--host') || env.HOST)}:${port}${path}`;
}

function flagValue(commandLine: readonly string[], flag: string): string | undefined {
  const index = commandLine.indexOf(flag);
  if (index >= 0) return commandLine[index + 1];
  return commandLine.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
}

/** A server that listens on all interfaces is probed on loopback. */
function hostOf(host: string | undefined): string {
  if (host === undefined || host === '' || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

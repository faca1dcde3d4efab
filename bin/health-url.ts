/** Where each command answers probes: the flag and the variable of its port, and the port without them. */
const PORTS: Readonly<Record<string, readonly [flag: string, variable: string, port: string]>> = {
  api: ['--port', 'PORT', '5000'],
  standalone: ['--port', 'PORT', '5000'],
  worker: ['--worker-port', 'WORKER_PORT', '5001'],
};

/** What to ask whether a `skipper` with these arguments is well. A port in the config file is not seen. */
export function healthUrl(
  path: string,
  commandLine: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const command = commandLine.find((word) => word in PORTS) ?? 'api';
  const [flag, variable, usual] = PORTS[command] ?? ['--port', 'PORT', '5000'];
  const port = flagValue(commandLine, flag) || env[variable] || usual;
  return `http://${hostOf(flagValue(commandLine, '--host') || env.HOST)}:${port}${path}`;
}

function flagValue(commandLine: readonly string[], flag: string): string | undefined {
  const index = commandLine.indexOf(flag);
  if (index >= 0) return commandLine[index + 1];
  return commandLine.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
}

/** Who listens on all interfaces is asked on loopback. */
function hostOf(host: string | undefined): string {
  if (host === undefined || host === '' || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

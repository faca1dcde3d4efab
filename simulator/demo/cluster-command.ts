import { Command } from 'commander';
import type { ClusterOptions } from './cluster-options.ts';
import { MAX_NAMESPACES, number, wholeNumber } from './numbers.ts';
import { runCluster } from './run-cluster.ts';

const EXAMPLES = `
Examples:
  npm run simulated-cluster -- --directory /tmp/simulated
  npx skipper standalone --config-file /tmp/simulated/cluster_config.yaml

The directory gets a kubeconfig, and a config file for Skipper that names it, the release channels and a Redis prefix
of its own. They are removed at the end.`;

/** What Skipper works on, for a Skipper that is started separately, as in docker-compose.yml. */
export function clusterCommand(): Command {
  const port = wholeNumber(0, 65_535);
  return new Command('npm run simulated-cluster --')
    .description('A simulated cluster and its release channels, to try Skipper on.')
    .showHelpAfterError('(run npm run simulated-cluster -- --help)')
    .requiredOption('--directory <folder>', 'where kubeconfig and cluster_config.yaml are written')
    .option(
      '--namespaces <number>',
      'namespaces of the fleet',
      wholeNumber(1, MAX_NAMESPACES, 'namespaces'),
      20,
    )
    .option('--fail-rate <share>', 'share of namespaces that misbehave, 0 to 1', number(0, 1), 0)
    .option('--release-every <seconds>', 'publish another version every so often', number(1, 86_400))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--advertise-host <host>', 'host that Skipper reaches it by (default: --host)')
    .option('--port <number>', 'port of the Kubernetes API; 0 takes a free one', port, 6443)
    .option('--channel-port <number>', 'port of the release channels; 0 takes a free one', port, 6444)
    .option('--health-port <number>', 'port of /healthz and /readyz; 0 takes a free one', port, 6480)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ClusterOptions) => {
      process.exit(await runCluster(flags, console.log));
    });
}

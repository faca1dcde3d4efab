import { clusterCommand } from '../demo/cluster-command.ts';
import { runCommand } from './run-command.ts';

await runCommand(clusterCommand());

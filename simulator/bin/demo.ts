import { demoCommand } from '../demo/demo-command.ts';
import { runCommand } from './run-command.ts';

await runCommand(demoCommand(process.env));

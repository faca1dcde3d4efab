import { CliError, EXIT } from './exit-code.ts';

/** The namespaces of a command that needs names or --all; undefined means all. */
export function targetsOf(namespaces: readonly string[], all: boolean): readonly string[] | undefined {
  if (all && namespaces.length > 0) {
    throw new CliError(EXIT.refused, 'name namespaces or use --all, not both');
  }
  if (!all && namespaces.length === 0) {
    throw new CliError(EXIT.refused, 'no namespaces given: name them, or use --all');
  }
  return all ? undefined : [...new Set(namespaces)];
}

import { readFileSync } from 'node:fs';
import { ROOT } from './compose-file.ts';

export interface Stage {
  readonly name: string;
  readonly base: string;
  /** `COPY`, `RUN npm ci …`: without comments, each on one line. */
  readonly instructions: readonly string[];
}

/** The stages of the Dockerfile, in order. */
export function readDockerfile(): readonly Stage[] {
  const lines = readFileSync(`${ROOT}Dockerfile`, 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '');
  const stages: (Stage & { readonly instructions: string[] })[] = [];
  for (const line of lines) {
    const [, base, name = ''] = /^FROM (?:--platform=\S+ )?(\S+)(?: AS (\S+))?$/.exec(line) ?? [];
    if (base !== undefined) stages.push({ name, base, instructions: [] });
    else stages.at(-1)?.instructions.push(line);
  }
  return stages;
}

/** A stage and every stage that it is built from or copies from. */
export function stagesOf(target: string, stages = readDockerfile()): readonly Stage[] {
  const stage = stages.find(({ name }) => name === target);
  if (stage === undefined) return [];
  const copied = stage.instructions.flatMap((line) => /^COPY --from=(\S+)/.exec(line)?.[1] ?? []);
  return [stage, ...[stage.base, ...copied].flatMap((name) => stagesOf(name, stages))];
}

/** What a stage copies from the sources. */
export function sourcesOf({ instructions }: Stage): readonly string[] {
  return instructions
    .filter((line) => /^COPY (?!--from=)/.test(line))
    .flatMap((line) => line.split(' ').slice(1, -1));
}

/** The program that a target starts, as a local path: `node dist/…` or `bin/skipper`. */
export function entrypointOf(target: string): readonly string[] {
  const [line] = stagesOf(target).flatMap(({ instructions }) =>
    instructions.filter((instruction) => instruction.startsWith('ENTRYPOINT ')),
  );
  const entrypoint = JSON.parse(line?.replace('ENTRYPOINT ', '') ?? '[]') as string[];
  return entrypoint.map((word) => word.replace('/app/', ROOT));
}

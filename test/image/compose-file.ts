import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const Volume = z.union([
  z.string(),
  z.object({
    type: z.enum(['bind', 'volume']),
    source: z.string(),
    target: z.string(),
    read_only: z.boolean().optional(),
    bind: z.object({ create_host_path: z.boolean() }).optional(),
  }),
]);

const Service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.literal('.'), target: z.string() }).optional(),
  user: z.string(),
  command: z.array(z.string()),
  // Compose fills in variables after parsing: the result is always a string.
  environment: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default({}),
  profiles: z.array(z.string()).optional(),
  init: z.boolean().optional(),
  restart: z.string().optional(),
  stop_grace_period: z.string().optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(Volume).default([]),
  deploy: z.object({ replicas: z.number() }).optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({
        condition: z.string(),
        restart: z.boolean().optional(),
        required: z.boolean().default(true),
      }),
    )
    .default({}),
  healthcheck: z.object({ test: z.array(z.string()) }),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
});

const ComposeFile = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.unknown()),
});
export type ComposeFile = z.infer<typeof ComposeFile>;
export type ComposeService = z.infer<typeof Service>;

/** docker-compose.yml as Compose sees it, with these variables. An unknown option fails. */
export function readComposeFile(env: Readonly<Record<string, string>> = {}): ComposeFile {
  const text = readFileSync(`${ROOT}docker-compose.yml`, 'utf8').replace(
    /\$\{(\w+):-([^}]*)\}/g,
    (_all, name: string, byDefault: string) => env[name] ?? byDefault,
  );
  return ComposeFile.parse(parse(text, { merge: true }));
}

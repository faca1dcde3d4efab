import * as z from 'zod';

/** One container's log, of now or of before its last restart. */
export const ContainerLog = z
  .object({
    pod: z.string(),
    container: z.string(),
    isPrevious: z
      .boolean()
      .describe('Of the container before its last restart: what it wrote before it crashed'),
    text: z.string().describe('Its last lines, without secrets'),
    problem: z.string().optional().describe('Why there is no text; left out if there is'),
  })
  .meta({ id: 'ContainerLog' });
export type ContainerLog = Readonly<z.infer<typeof ContainerLog>>;

/** The last log lines of FDD's pods: `GET /api/namespaces/:namespace/logs`. */
export const NamespaceLogs = z
  .object({
    namespace: z.string(),
    readAt: z.number().int().describe('Milliseconds since the epoch'),
    logs: z.array(ContainerLog).readonly().describe('What crashed first; empty if there are no pods'),
  })
  .meta({ id: 'NamespaceLogs' });
export type NamespaceLogs = Readonly<z.infer<typeof NamespaceLogs>>;

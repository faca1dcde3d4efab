import type * as z from 'zod';
import { NamespaceStatus } from '../domain/cluster/status.ts';
import { NamespaceDetails } from '../domain/explain/namespace-details.ts';

/** The parts of `GET /api/namespaces/:namespace` that clients read. */
export const NamespaceAnswer = NamespaceStatus.extend(NamespaceDetails.shape);
export type NamespaceAnswer = Readonly<z.infer<typeof NamespaceAnswer>>;

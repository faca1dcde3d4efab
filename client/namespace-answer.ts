import type * as z from 'zod';
import { NamespaceStatus } from '../domain/cluster/status.ts';
import { NamespaceDetails } from '../domain/explain/namespace-details.ts';

/** `GET /api/namespaces/:namespace`, as far as clients read it. */
export const NamespaceAnswer = NamespaceStatus.extend(NamespaceDetails.shape);
export type NamespaceAnswer = Readonly<z.infer<typeof NamespaceAnswer>>;

export interface AuditRecord {
  readonly at: Date;
  readonly user: string;
  readonly userAgent: string;
  /** As RBAC names it; the HTTP method in lower case where no resource is meant. */
  readonly verb: string;
  readonly path: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** 0 when the connection was dropped before an answer. */
  readonly code: number;
}

export type AuditListener = (record: AuditRecord) => void;

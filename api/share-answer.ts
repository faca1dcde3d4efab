/** Requests within this time share one answer while its key stays the same. */
const KEPT_MS = 500;

/** Serializes an answer once for all who request it at about the same time. */
export function shareAnswer(render: () => unknown, keyOf: () => string): () => Buffer {
  let kept: { readonly key: string; readonly at: number; readonly json: Buffer } | undefined;
  return () => {
    const key = keyOf();
    const now = performance.now();
    if (kept?.key === key && now - kept.at < KEPT_MS) return kept.json;
    kept = { key, at: now, json: Buffer.from(JSON.stringify(render())) };
    return kept.json;
  };
}

/** Several heartbeats: a busy worker can be late with one. */
const SILENT_AFTER_MS = 15_000;

/**
 * Counts the workers whose heartbeats change, by this process's own clock: clocks differ. One that is heard for the first time
 * counts, and one whose heartbeat Redis has lost still counts for a while.
 */
export function createWorkerEar(): (beats: ReadonlyMap<string, string>, now: number) => number {
  const heard = new Map<string, { readonly beat: string; readonly at: number }>();
  return (beats, now) => {
    for (const [worker, beat] of beats) {
      if (heard.get(worker)?.beat !== beat) heard.set(worker, { beat, at: now });
    }
    for (const [worker, { at }] of heard) {
      if (!beats.has(worker) && now - at >= SILENT_AFTER_MS) heard.delete(worker);
    }
    return [...heard.values()].filter(({ at }) => now - at < SILENT_AFTER_MS).length;
  };
}

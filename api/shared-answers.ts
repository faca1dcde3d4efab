import { statusOf } from '../domain/cluster/status.ts';
import type { RouteServices } from './route.ts';
import { shareAnswer } from './share-answer.ts';
import { statusRow } from './views.ts';

/** The answers that are megabytes for thousands of namespaces: rendered once for all who request them. */
export interface SharedAnswers {
  /** `GET /api/fleet` */
  fleet(): Buffer;
  /** `GET /api/status` */
  status(): Buffer;
}

export function openSharedAnswers({ cluster, view }: Pick<RouteServices, 'cluster' | 'view'>): SharedAnswers {
  let changes = 0;
  cluster.onAnyChange(() => {
    changes += 1;
  });
  return {
    fleet: shareAnswer(view.document, view.position),
    // What the watches show counts at once: the view follows a moment later.
    status: shareAnswer(
      () => cluster.namespaces().map(statusNow),
      () => `${view.position()} ${changes}`,
    ),
  };

  function statusNow(namespace: string) {
    // A namespace that has just appeared has no row yet.
    const status = view.status(namespace) ?? statusOf(cluster.snapshot(namespace));
    return statusRow(status, view.record(namespace));
  }
}

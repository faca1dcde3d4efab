import { type Signal, signal } from '@preact/signals';
import type { NamespaceObjects, NamespaceStory } from '../../shared/domain/namespace-story.ts';
import type { Connection } from '../live/feed-messages.ts';
import type { NamespacePageState } from './page-state.ts';

/** What the page shows. On the server it stands still. */
export interface NamespaceStore {
  readonly story: Signal<NamespaceStory>;
  readonly objects: Signal<NamespaceObjects | undefined>;
  /** Why the objects could not be read again; empty when they could. */
  readonly objectsProblem: Signal<string>;
  readonly connection: Signal<Connection>;
  /** The namespace is no more. */
  readonly isGone: Signal<boolean>;
  /** The server's clock, in milliseconds since the epoch. */
  readonly now: Signal<number>;
}

export function createNamespaceStore({ story, objects }: NamespacePageState): NamespaceStore {
  return {
    story: signal(story),
    objects: signal(objects),
    objectsProblem: signal(''),
    connection: signal<Connection>({ state: 'connecting' }),
    isGone: signal(false),
    now: signal(story.now),
  };
}

import { CRD_ADVICE } from '../../domain/deploy/crd-advice.ts';
import type { WatchState } from './watch-books.ts';

/** What a person has to do before a broken watch can work; undefined if that is not known. */
export function watchRemedy({ trouble }: Pick<WatchState, 'trouble'>): string | undefined {
  return trouble?.code === 'crd_missing' ? CRD_ADVICE : undefined;
}

/** A problem of a watch, with what to do about it. */
export function withRemedy(problem: string, watch: Pick<WatchState, 'trouble'> | undefined): string {
  const remedy = watch && watchRemedy(watch);
  return remedy === undefined ? problem : `${problem}. ${remedy}`;
}

import type { WaveView } from '../../domain/rollout/rollout-view.ts';
import { progressOf } from '../fleet/rollout-progress.ts';
import { namespaces } from '../fleet/words.ts';
import { Section } from '../namespace/section.tsx';
import { StackedBar } from '../ui/stacked-bar.tsx';
import type { RolloutStore } from './rollout-store.ts';
import { waveName, waveWords } from './words.ts';

/** The waves as a picture: one bar each, in order. */
export function WavesPanel({ store }: { store: RolloutStore }) {
  const { waves = [], state } = store.rollout.value;
  if (waves.length === 0) return null;
  return (
    <Section id="waves" title="Waves" aside="each begins when the one before has ended and soaked">
      <ol class="waves">
        {waves.map((wave, index) => (
          <WaveLine
            key={index}
            wave={wave}
            name={waveName(index, waves.length, wave.isCanary)}
            words={waveWords(wave, state === 'paused', store.now.value)}
          />
        ))}
      </ol>
    </Section>
  );
}

function WaveLine({ wave, name, words }: { wave: WaveView; name: string; words: string }) {
  const progress = progressOf(wave.counts);
  const isNow = wave.phase !== 'ended' && wave.phase !== 'waiting';
  return (
    <li class={`wave${isNow ? ' now' : ''}`} aria-current={isNow ? 'step' : undefined}>
      <p class="wave-head">
        <strong>{name}</strong>
        <span class={`wave-words ${words === 'failed' ? 'degraded' : ''}`}>{words}</span>
      </p>
      <div class="wave-picture">
        <StackedBar parts={progress.parts} total={progress.total} label={`${name}: ${progress.inWords}`} />
        <p class="small wave-counts">
          <span class="numbers">{progress.inWords || 'no targets'}</span>
          <span class="muted">
            {namespaces(wave.size)}, {budgetWords(wave.maxFailures)}
          </span>
        </p>
      </div>
    </li>
  );
}

function budgetWords(maxFailures: number): string {
  return maxFailures === 0 ? 'none can fail' : `at most ${maxFailures} can fail`;
}

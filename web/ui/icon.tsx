import type { ComponentChild } from 'preact';
import type { Health } from '../../domain/fleet/fleet-row.ts';

type IconName = 'search' | 'close' | 'chevron' | 'arrow' | 'deploy' | 'keyboard' | 'link' | 'hold';

const STROKES: Readonly<Record<IconName, string>> = {
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.600 10.600 14 14',
  close: 'M4 4l8 8M12 4l-8 8',
  chevron: 'M6 3.500 10.500 8 6 12.500',
  arrow: 'M2.500 8h11M9.500 4l4 4-4 4',
  deploy: 'M8 10.500v-8M4.500 5.500 8 2l3.500 3.500M2.500 10.500v2.500h11v-2.500',
  keyboard: 'M1.500 4h13v8h-13zM4 6.700h.1M6.700 6.700h.1M9.400 6.700h.1M12 6.700h.1M5 9.500h6',
  hold: 'M4.500 7.500V5a3.500 3.500 0 0 1 7 0v2.500M3 7.500h10v6H3z',
  link: 'M9 3h4v4M13 3 7.500 8.500M6 4H3.500v8.500H12V10',
};

/** Small line icons; decorative, since the text beside them has the meaning. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path
        d={STROKES[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

/** A disc with one dark half. */
export function ThemeIcon() {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.500" />
      <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
    </svg>
  );
}

const mark = (d: string) => (
  <path
    d={d}
    fill="none"
    stroke="var(--on-mark)"
    stroke-width="1.7"
    stroke-linecap="round"
    stroke-linejoin="round"
  />
);

/** Each health has its own outline, so that it can be recognized without colour. */
const HEALTH_SHAPES: Readonly<Record<Health, ComponentChild>> = {
  degraded: (
    <>
      <path d="M5.100 1h5.800L15 5.100v5.800L10.900 15H5.100L1 10.900V5.100z" fill="currentColor" />
      {mark('M5.700 5.700l4.600 4.600M10.300 5.700l-4.600 4.600')}
    </>
  ),
  outdated: (
    <>
      <path d="M8 .600 15.400 8 8 15.400.600 8z" fill="currentColor" />
      {mark('M8 10.900V5.300M5.700 7.500 8 5.200l2.300 2.300')}
    </>
  ),
  unknown: (
    <>
      <path d="M1 3.200h14L8 15.200z" fill="currentColor" />
      {mark('M6.500 5.600a1.600 1.600 0 1 1 1.500 2v.600M8 10.600v.100')}
    </>
  ),
  progressing: (
    <>
      <circle
        cx="8"
        cy="8"
        r="6.200"
        fill="none"
        stroke="currentColor"
        stroke-opacity=".28"
        stroke-width="2.400"
      />
      <path
        d="M8 1.800A6.200 6.200 0 0 1 14.200 8"
        fill="none"
        stroke="currentColor"
        stroke-width="2.400"
        stroke-linecap="round"
      />
    </>
  ),
  healthy: (
    <>
      <circle cx="8" cy="8" r="7.200" fill="currentColor" />
      {mark('M4.900 8.300 7.100 10.500 11.200 5.800')}
    </>
  ),
  unmanaged: (
    <>
      <circle
        cx="8"
        cy="8"
        r="6.200"
        fill="none"
        stroke="currentColor"
        stroke-width="1.600"
        stroke-dasharray="2.400 2"
      />
      <path d="M5.500 8h5" stroke="currentColor" stroke-width="1.600" stroke-linecap="round" />
    </>
  ),
};

export function HealthIcon({ health }: { health: Health }) {
  return (
    <svg class={`icon health ${health}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {HEALTH_SHAPES[health]}
    </svg>
  );
}

/** A steering wheel. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <circle cx="16" cy="16" r="15" fill="#1d4ed8" />
      <g fill="none" stroke="#fff" stroke-linecap="round">
        <circle cx="16" cy="16" r="8.500" stroke-width="2.500" />
        <path d="M16 2.500v27M2.500 16h27M6.500 6.500l19 19M25.500 6.500l-19 19" stroke-width="2" />
      </g>
      <circle cx="16" cy="16" r="3.500" fill="#1d4ed8" stroke="#fff" stroke-width="2" />
    </svg>
  );
}

import { styleText } from 'node:util';
import type { Health } from '../../domain/fleet/fleet-row.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export type Paint = (text: string, style: Style | undefined) => string;

/** Colors only if the terminal supports it; the text always has the same information. */
export function painter({ hasColor }: { readonly hasColor: boolean }): Paint {
  return (text, style) =>
    hasColor && style !== undefined ? styleText(style, text, { validateStream: false }) : text;
}

export const HEALTH_STYLES: Readonly<Record<Health, Style>> = {
  healthy: 'green',
  progressing: 'cyan',
  outdated: 'yellow',
  unknown: 'yellow',
  degraded: 'red',
  unmanaged: 'dim',
};

import { styleText } from 'node:util';
import type { Terminal } from '../../shared/terminal.ts';
import { type Drawn, describeFleet, drawFleet, title } from './draw-fleet.ts';
import type { FleetView } from './fleet-view.ts';

const LINE_INTERVAL_MS = 1_000;

export interface LiveTable {
  show(view: FleetView): void;
  /** A line that stays, above the table. */
  say(line: string): void;
}

export function openLiveTable(terminal: Terminal): LiveTable {
  return terminal.isInteractive ? redrawnTable(terminal) : plainLines(terminal);
}

const STYLES: Record<Drawn['kind'], Parameters<typeof styleText>[0] | undefined> = {
  title: 'bold',
  plain: undefined,
  heading: 'underline',
  running: undefined,
  failed: 'red',
};

function redrawnTable(terminal: Terminal): LiveTable {
  let height = 0;
  const clear = () => (height === 0 ? '' : `\x1b[${height}A\x1b[0J`);
  return {
    show: (view) => {
      // The last column is left free: some terminals wrap there.
      const lines = drawFleet(view, terminal.columns() - 1, terminal.rows());
      const text = lines.map((line) => `${styled(line, terminal)}\n`).join('');
      terminal.write(`${clear()}${text}`);
      height = lines.length;
    },
    say: (line) => {
      terminal.write(`${clear()}${line}\n`);
      height = 0;
    },
  };
}

function styled({ kind, text }: Drawn, terminal: Terminal): string {
  const style = STYLES[kind];
  return style === undefined || !terminal.hasColor ? text : styleText(style, text);
}

/** In a pipe: a line when the numbers have changed, but not too many of them, and one for each failure. */
function plainLines(terminal: Terminal): LiveTable {
  let told = '';
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const failures = new Set<string>();
  const say = (line: string) => terminal.write(`${line}\n`);
  return {
    say,
    show: (view) => {
      for (const { namespace, reason } of view.failed) {
        const failure = `${namespace} failed: ${reason}`;
        if (!failures.has(failure)) say(`  ${failure}`);
        failures.add(failure);
      }
      const news = `${describeFleet(view)}${view.note === '' ? '' : ` | ${view.note}`}`;
      if (news === told || view.elapsedMs - toldAtMs < LINE_INTERVAL_MS) return;
      say(`${title(view)} | ${news}`);
      told = news;
      toldAtMs = view.elapsedMs;
    },
  };
}

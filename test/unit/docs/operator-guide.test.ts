import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { FDD } from '../../../domain/cluster/names.ts';
import { ERROR_CODES, type ErrorCode } from '../../../domain/errors.ts';
import { type Advice, adviceFor, adviceForSymptoms } from '../../../domain/explain/remedies.ts';
import type { Symptom } from '../../../domain/symptom.ts';
import { ROOT } from './tables.ts';

const GUIDE = `${ROOT}docs/operator-guide.md`;
const TROUBLE = { namespace: 'NAMESPACE', configMap: FDD, channel: 'CHANNEL', version: 'VERSION' };
const POD = { kind: 'pod', pod: FDD, isBootstrap: false, restarts: 0 } as const;
const WAITING = { ...POD, state: 'waiting' } as const;
const REPLICA_FAILURE = { kind: 'condition', type: 'ReplicaFailure', status: 'True' } as const;
/** Names as the cluster writes them in pods and conditions, with their symptoms. */
const SYMPTOMS: Readonly<Record<string, Symptom>> = {
  ImagePullBackOff: { ...WAITING, reason: 'ImagePullBackOff' },
  OOMKilled: { ...POD, state: 'terminated', reason: 'OOMKilled', exitCode: 137 },
  'exceeded quota': { ...REPLICA_FAILURE, refusal: { by: 'quota' } },
  'must specify limits': { ...REPLICA_FAILURE, refusal: { by: 'limits', missing: ['limits.memory'] } },
  'usage per Container is': { ...REPLICA_FAILURE, refusal: { by: 'limit-range' } },
  'failed calling webhook': { ...REPLICA_FAILURE, refusal: { by: 'webhook', webhook: 'WEBHOOK' } },
  'violates PodSecurity': { ...REPLICA_FAILURE, refusal: { by: 'pod-security' } },
  CreateContainerConfigError: { ...WAITING, reason: 'CreateContainerConfigError' },
  CrashLoopBackOff: { ...WAITING, reason: 'CrashLoopBackOff' },
  FailedScheduling: { ...POD, state: 'unscheduled', message: 'no node' },
};

function codesTable(): string {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => {
    const { headline, remedy } = adviceFor(code, TROUBLE, []);
    return row(`\`${code}\``, ERROR_CODES[code], headline, steps({ headline, remedy }));
  });
  return ['| code | class | the page says | what to do |', '|---|---|---|---|', ...rows].join('\n');
}

function symptomsTable(): string {
  const rows = Object.entries(SYMPTOMS).map(([name, symptom]) => {
    const advice = adviceForSymptoms({ ...TROUBLE, isDown: true }, [symptom]);
    if (!advice) throw new Error(`"${name}" has no advice any more`);
    return row(`\`${name}\``, advice.headline, steps(advice));
  });
  return ['| in a condition, a pod or a log | the page says | what to do |', '|---|---|---|', ...rows].join(
    '\n',
  );
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function steps({ remedy }: Advice): string {
  const asCode = (step: string) =>
    step.replace(
      /\b(?:kubectl|helm|skipper deploy) -?.+?(?=$|; |\. | has all)/,
      (command) => `\`${command}\``,
    );
  return remedy.length === 0 ? 'nothing' : remedy.map(asCode).join('<br>');
}

function between(name: string): RegExp {
  return new RegExp(`(<!-- ${name}: [^\\n]*-->\\n)([\\s\\S]*?)(<!-- end of ${name} -->)`);
}

describe('the operator guide', () => {
  test.each([
    ['codes', codesTable()],
    ['symptoms', symptomsTable()],
  ])('has the same advice as the page: its table of %s is generated from the remedies', (name, table) => {
    const wanted = `\n${table}\n\n`;
    if (process.env.UPDATE_DOCS) {
      const text = readFileSync(GUIDE, 'utf8');
      writeFileSync(
        GUIDE,
        text.replace(between(name), (_all, begin, _old, end) => begin + wanted + end),
      );
    }

    expect(between(name).exec(readFileSync(GUIDE, 'utf8'))?.[2]).toBe(wanted);
  });
});

import path from 'node:path';
import { readRecord } from '../../core/runs';
import { evaluateRun } from '../../core/training';
import { modelsFolder } from '../../core/weights';
import { evaluationText } from '../evaluationText';
import type { Output } from '../output';

export async function evaluate(run: string, flags: { split: 'test' | 'validation'; data?: string }, output: Output): Promise<void> {
  const dataPath = flags.data === undefined ? undefined : path.resolve(flags.data);
  const evaluation = await evaluateRun(path.resolve(run), { split: flags.split, dataPath, modelsFolder: modelsFolder() });
  const { config } = await readRecord(path.resolve(run));
  output.result(evaluation, () => evaluationText(flags.split, config.data.task, evaluation));
}

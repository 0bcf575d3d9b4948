import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { createEngine } from '../../core/engine';
import { openGenerator, type Result, type WriteOptions } from '../../core/generation';
import { modelsFolder } from '../../core/weights';
import { ThawError } from '../../protocol/failure';
import { defaultRunsFolder } from '../../protocol/paths';
import { atInterrupt } from '../interrupt';
import type { Output } from '../output';
import { StatusLine } from '../statusLine';
import { integer } from '../table';

interface Flags {
  readonly prompt?: string;
  readonly chat?: boolean;
  readonly maxNewTokens?: string;
  readonly temperature?: string;
  readonly topK?: string;
  readonly topP?: string;
  readonly beams?: string;
  readonly stop?: readonly string[];
  readonly seed?: string;
  readonly threads?: string;
}

/** Writes a text with a model; it goes to stdout as it comes. Ctrl+C ends it, and what is written stands. */
export async function generate(id: string, flags: Flags, output: Output): Promise<void> {
  const options = optionsOf(flags);
  const prompt = flags.prompt ?? (await standardInput());
  const status = new StatusLine();
  const stop = new AbortController();
  const stopped = new ThawError('interrupted', l10n.t('Stopped.'), '');
  const interruption = atInterrupt(async () => stop.abort(stopped));
  status.show(l10n.t('Loading {0}', id));
  const engine = await createEngine('onnx', { threads: numberOf(flags.threads, '--threads') ?? 0 });
  let isLineOpen = false;
  try {
    const generator = await openGenerator(engine, id, { modelsFolder: modelsFolder(), runsFolder: path.resolve(defaultRunsFolder) });
    const { text: given, ids } = generator.promptOf(flags.chat ? [{ role: 'user', content: prompt }] : prompt);
    const writing = generator.write(ids, { ...options, signal: stop.signal });
    for (;;) {
      const { value, done } = await writing.next();
      status.clear();
      if (done) {
        const { ids: _, ...result } = value;
        if (output.json) output.result({ prompt: given, ...result }, () => '');
        else process.stdout.write('\n');
        output.note(endText(result));
        return;
      }
      if (output.json) continue;
      process.stdout.write(process.stdout.isTTY ? harmless(value) : value);
      isLineOpen = true;
    }
  } catch (error) {
    if (isLineOpen) process.stdout.write('\n');
    throw error;
  } finally {
    status.clear();
    interruption.dispose();
    await engine.dispose();
  }
}

function optionsOf(flags: Flags): WriteOptions {
  const drawn = numberOf(flags.temperature, '--temperature');
  const [topK, topP] = [numberOf(flags.topK, '--top-k'), numberOf(flags.topP, '--top-p')];
  // who says among how many to draw wants to draw
  const temperature = drawn ?? (topK !== undefined || topP !== undefined ? 1 : undefined);
  return {
    maxNewTokens: numberOf(flags.maxNewTokens, '--max-new-tokens'),
    temperature,
    topK,
    topP,
    beams: numberOf(flags.beams, '--beams'),
    stop: flags.stop && [...flags.stop],
    seed: numberOf(flags.seed, '--seed'),
  };
}

/** @throws ThawError `usage` */
function numberOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new ThawError('usage', l10n.t('{0} takes a number, not "{1}".', flag, text), l10n.t('thaw generate --help lists what it takes.'));
  return value;
}

async function standardInput(): Promise<string> {
  if (process.stdin.isTTY)
    throw new ThawError(
      'usage',
      l10n.t('The prompt is empty.'),
      l10n.t('Give the model something to go on from: --prompt TEXT, or on stdin.'),
    );
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/** A model may write what a terminal would obey. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '\uFFFD');
}

function endText({ tokens, tokensPerSecond, finish }: Omit<Result, 'ids'>): string {
  const speed = integer(Math.round(tokensPerSecond));
  switch (finish) {
    case 'eos':
      return l10n.t('{0} tokens, {1} a second; the model ended the text.', integer(tokens), speed);
    case 'stop':
      return l10n.t('{0} tokens, {1} a second; ended before a stop text.', integer(tokens), speed);
    case 'length':
      return l10n.t('{0} tokens, {1} a second; ended at the greatest length.', integer(tokens), speed);
  }
}

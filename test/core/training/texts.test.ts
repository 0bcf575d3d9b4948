import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseRunConfig, readRun } from '../../../src/core/runs';
import { evaluateRun, loadPredictor } from '../../../src/core/training';
import { readSafetensors } from '../../../src/core/weights';
import { isOfClasses } from '../../../src/protocol/report';
import type { RunConfig, RunConfigInput } from '../../../src/protocol/runConfig';
import { begin, confusionOf, finished, newFolder, of, resume, weightsHash } from './harness';
import { lines, sentences, tinyModel } from './tinyTexts';

const home = newFolder();
const models = { bert: join(home, 'bert'), gpt2: join(home, 'gpt2'), t5: join(home, 't5') };
beforeAll(async () => {
  for (const [family, folder] of Object.entries(models)) await tinyModel(folder, family as keyof typeof models);
});
const rows = sentences(120);
const table = lines(home, 'sentences.tsv', ['text\tlabel', ...rows.map(({ text, label }) => `${text}\t${label}`)]);

function configFor(data: RunConfigInput['data'], model: string, more: Partial<RunConfigInput> = {}): RunConfig {
  return parseRunConfig({
    data: { validationSplit: 0.2, testSplit: 0.2, ...data },
    model,
    phases: [{ epochs: 6, learningRate: 0.01, rules: ['**'] }],
    batchSize: 6,
    augmentation: 'none',
    labelSmoothing: 0,
    seed: 3,
    threads: 1,
    ...more,
  });
}
const classifying = (more: Partial<RunConfigInput> = {}) => configFor({ path: table, task: 'text-classification' }, models.bert, more);

test('a classifier of texts learns, is saved with its tokenizer, and is what evaluation and prediction find', async () => {
  const { folder, events } = await finished(classifying());
  const last = of(events, 'finished')[0];
  if (!last) throw new Error(JSON.stringify(events.at(-1)));
  expect(last.report.test?.accuracy).toBeGreaterThan(0.9);
  const { predictions } = await readRun(folder);
  expect(predictions).toHaveLength(24);
  expect(predictions[0]?.path).toMatch(/^sentences\.tsv:\d+$/);

  const again = await evaluateRun(folder, { split: 'test', modelsFolder: '' });
  expect(confusionOf(again)).toEqual(confusionOf(last.report.test));
  expect(again.loss).toBeCloseTo(last.report.test?.loss as number, 4);

  const predictor = await loadPredictor(folder, { modelsFolder: '' });
  const asked = predictions.map(({ path }) => rows[Number(path.split(':')[1]) - 2]?.text as string);
  const answers = await predictor.predict(asked.map((source) => ({ name: source, source })));
  await predictor.dispose();
  expect(answers.map(({ label }) => label)).toEqual(predictions.map(({ predicted }) => predicted));
});

test('only the head learns, and what is frozen keeps every byte of the checkpoint', async () => {
  const rules = ['bert.pooler.**', 'classifier.**'];
  const { folder, events } = await finished(classifying({ phases: [{ epochs: 4, learningRate: 0.01, rules }] }));
  expect(of(events, 'finished')[0]?.report.frozen.identical).toBe(true);
  const [before, after] = [await readSafetensors(join(models.bert, 'model.safetensors')), await modelOf(folder)];
  const frozen = [...after].filter(([name]) => before.has(name) && !/pooler|classifier/.test(name));
  expect(frozen.length).toBeGreaterThan(30);
  for (const [name, { data }] of frozen)
    expect(Buffer.from(data.buffer).equals(Buffer.from(before.get(name)?.data.buffer as ArrayBuffer)), name).toBe(true);
});

test('adapters learn beside frozen weights, are kept as PEFT keeps them, and make a plain model that answers the same', async () => {
  const rules = ['**.lora_A.*', '**.lora_B.*', 'bert.pooler.**', 'classifier.**'];
  const lora = { rank: 4, targets: ['bert.encoder.**'] };
  const config = classifying({ lora, phases: [{ epochs: 8, learningRate: 0.01, rules }] });
  const { folder, events } = await finished(config);
  const last = of(events, 'finished')[0];
  if (!last) throw new Error(JSON.stringify(events.at(-1)));
  const losses = of(events, 'epoch').map(({ train }) => train.loss);
  expect(losses.at(-1), losses.join()).toBeLessThan((losses[0] as number) / 2);
  // All of the base stayed as it was, though the saved weights of queries and values have the adapters in them.
  expect(last.report.frozen).toEqual({ count: 37, identical: true });
  expect([...(await modelOf(folder)).keys()].filter((name) => name.includes('lora'))).toEqual([]);

  for (const model of [folder, join(folder, 'adapter')]) {
    const predictor = await loadPredictor(model, { modelsFolder: '' });
    const { predictions } = await readRun(folder);
    const asked = predictions.map(({ path }) => rows[Number(path.split(':')[1]) - 2]?.text as string);
    const answers = await predictor.predict(asked.map((source) => ({ name: source, source })));
    await predictor.dispose();
    for (const [i, { label, probabilities }] of answers.entries()) {
      expect(label).toBe(predictions[i]?.predicted);
      expect(probabilities[label]).toBeCloseTo(predictions[i]?.probability as number, 4);
    }
  }
});

test('an adapter of texts that is what is asked for learns on, and stops and resumes as any run', async () => {
  const lora = { rank: 2, targets: [] };
  const rules = ['**.lora_A.*', '**.lora_B.*', 'classifier.**'];
  const about = (model: string, epochs: number) => classifying({ model, lora, phases: [{ epochs, learningRate: 0.02, rules }] });
  const first = await finished(about(models.bert, 4));
  const adapter = join(first.folder, 'adapter');
  const second = await finished(about(adapter, 2));
  const loss = (events: typeof second.events) => of(events, 'epoch')[0]?.train.loss as number;
  expect(loss(second.events)).toBeLessThan(loss(first.events));
  const config = JSON.parse(readFileSync(join(second.folder, 'adapter/adapter_config.json'), 'utf8'));
  expect(config).toMatchObject({ base_model_name_or_path: models.bert, r: 2, target_modules: ['query', 'value'] });
  const stopped = await begin(about(adapter, 2), { after: { 5: (handle) => handle.checkpointAndEnd() } });
  await stopped.handle.done;
  expect((await (await resume(stopped.folder)).handle.done).type).toBe('finished');
  expect(weightsHash(stopped.folder)).toBe(weightsHash(second.folder));
});

test('top blocks learn from features of several lengths', async () => {
  const rules = ['bert.encoder.layer.1.**', 'bert.pooler.**', 'classifier.**'];
  const config = classifying({ phases: [{ epochs: 4, learningRate: 0.005, rules }], batchSize: 2 });
  const { events } = await finished(config);
  const losses = of(events, 'epoch').map(({ train }) => train.loss);
  expect(losses.at(-1), losses.join()).toBeLessThan((losses[0] as number) / 2);
});

test('a run that stops and goes on ends with the bytes of one that did not', async () => {
  const config = classifying({ phases: [{ epochs: 3, learningRate: 0.01, rules: ['**'] }] });
  const whole = await finished(config);
  const stopped = await begin(config, { after: { 17: (handle) => handle.checkpointAndEnd() } });
  await stopped.handle.done;
  const second = await resume(stopped.folder);
  expect((await second.handle.done).type).toBe('finished');
  expect(weightsHash(stopped.folder)).toBe(weightsHash(whole.folder));
});

test('so does one of adapters with dropout whose updates are clipped and made from several batches', async () => {
  const lora = { rank: 2, dropout: 0.3, targets: ['bert.encoder.**'] };
  const rules = ['**.lora_A.*', '**.lora_B.*', 'bert.pooler.**', 'classifier.**'];
  const more = { phases: [{ epochs: 2, learningRate: 0.01, rules }], gradientClipping: 0.5, gradientAccumulation: 3 };
  const whole = await finished(classifying({ lora, ...more }));
  const stopped = await begin(classifying({ lora, ...more }), { amid: { 3: (handle) => handle.checkpointAndEnd() } });
  expect((await stopped.handle.done).type).toBe('paused');
  const second = await resume(stopped.folder);
  expect((await second.handle.done).type).toBe('finished');
  expect(weightsHash(stopped.folder)).toBe(weightsHash(whole.folder));
  const undropped = await finished(classifying({ lora: { ...lora, dropout: 0 }, ...more }));
  expect(weightsHash(undropped.folder)).not.toBe(weightsHash(whole.folder));
});

test('a run at a dropout of 0 has the bytes of one whose checkpoint has none; the checkpoint has some', async () => {
  const none = join(home, 'undropped');
  cpSync(models.bert, none, { recursive: true });
  const config = JSON.parse(readFileSync(join(none, 'config.json'), 'utf8'));
  const rates = { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0, classifier_dropout: 0 };
  writeFileSync(join(none, 'config.json'), JSON.stringify({ ...config, ...rates }));
  const short = { phases: [{ epochs: 1, learningRate: 0.01, rules: ['**'] }] };
  const [at0, bare, dropping] = [
    await finished(classifying({ ...short, dropout: 0 })),
    await finished(classifying({ ...short, model: none })),
    await finished(classifying(short)),
  ];
  expect(weightsHash(at0.folder)).toBe(weightsHash(bare.folder));
  expect(weightsHash(at0.folder)).not.toBe(weightsHash(dropping.folder));
  // what is saved says what the checkpoint said, for whoever goes on from it
  const saved = JSON.parse(readFileSync(join(at0.folder, 'model', 'config.json'), 'utf8'));
  expect(saved.hidden_dropout_prob).toBe(config.hidden_dropout_prob ?? 0.1);
});

test('pairs of texts are told apart by what both say together', async () => {
  const pairs = rows.map(({ text, label }, i) => {
    const other = rows[(i * 17 + Math.floor(i / 3)) % rows.length] as (typeof rows)[number];
    return `${text}\t${other.text}\t${label === other.label ? 'same' : 'other'}`;
  });
  const path = lines(home, 'pairs.tsv', ['sentence1\tsentence2\tlabel', ...pairs]);
  const { events } = await finished(configFor({ path, task: 'text-pair-classification' }, models.bert));
  const losses = of(events, 'epoch').map(({ train }) => train.loss);
  expect(losses.at(-1), losses.join()).toBeLessThan(losses[0] as number);
  expect(of(events, 'finished')).toHaveLength(1);
});

const lately = (events: Awaited<ReturnType<typeof finished>>['events']) => {
  const report = of(events, 'finished')[0]?.report;
  if (!report) throw new Error(JSON.stringify(events.at(-1)));
  const test = report.test;
  if (!test || isOfClasses(test)) throw new Error('No tokens were judged.');
  const first = of(events, 'epoch')[0]?.validation?.loss as number;
  return { test, first, last: report.validation?.loss as number };
};

test('a language model learns to tell the next token of plain text', async () => {
  const path = lines(
    home,
    'plain.txt',
    rows.map(({ text }) => text),
  );
  const { folder, events } = await finished(configFor({ path, task: 'causal-lm' }, models.gpt2, { maxLength: 16 }));
  const { test: judged, first, last } = lately(events);
  expect(last).toBeLessThan(first);
  expect(judged.perplexity).toBeCloseTo(Math.exp(judged.loss), 9);
  expect(judged.perplexity).toBeLessThan(12); // of 24 words
  const again = await evaluateRun(folder, { split: 'test', modelsFolder: '' });
  expect(again.loss).toBeCloseTo(judged.loss, 4);
  expect(again).toMatchObject({ tokens: judged.tokens, accuracy: judged.accuracy });
  await expect(loadPredictor(folder, { modelsFolder: '' })).rejects.toMatchObject({
    failure: { code: 'usage', hint: `Let it write: thaw generate ${relative('', folder)} --prompt TEXT` },
  });
});

test('of conversations only the answers are learned', async () => {
  const talks = rows.map(({ text, label }) =>
    JSON.stringify({ messages: [turn('user', text), turn('assistant', label === 'animal' ? 'cat' : 'sun')] }),
  );
  const path = lines(home, 'talks.jsonl', talks);
  const { events } = await finished(configFor({ path, task: 'chat' }, models.gpt2));
  const { test: judged, first, last } = lately(events);
  expect(last).toBeLessThan(first);
  expect(of(events, 'samples')[0]?.samples[0]?.expected).toMatch(/cat|sun/);
  expect(judged.tokens).toBeLessThan(24 * 4); // an answer, and what ends it
});
const turn = (role: string, content: string) => ({ role, content });

test('an encoder and decoder learns to write one text from another', async () => {
  const written = rows.map(({ text, label }) =>
    JSON.stringify({ source: text, target: label === 'animal' ? 'the cat sleeps' : 'the sun shines very far' }),
  );
  const path = lines(home, 'written.jsonl', written);
  const { folder, events } = await finished(
    configFor({ path, task: 'text-to-text' }, models.t5, { phases: [{ epochs: 12, learningRate: 0.03, rules: ['**'] }] }),
  );
  const { test: judged, first, last } = lately(events);
  expect(last).toBeLessThan(first);
  expect(judged.accuracy).toBeGreaterThan(0.7);
  expect(judged.written?.count).toBeGreaterThan(20);
  expect(judged.written?.rougeL).toBeGreaterThan(0.5);
  const samples = of(events, 'samples');
  expect(samples.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  for (const { prompt, expected } of samples.flatMap((event) => event.samples)) {
    expect(prompt).toMatch(/^the /);
    expect(expected).toMatch(/^the (cat|sun) /);
  }
  expect(JSON.parse(readFileSync(join(folder, 'model', 'config.json'), 'utf8'))).toMatchObject({ model_type: 't5' });
  const again = await evaluateRun(folder, { split: 'test', modelsFolder: '' });
  expect(again).toMatchObject({ written: judged.written });
});

const modelOf = (folder: string) => readSafetensors(join(folder, 'model', 'model.safetensors'));

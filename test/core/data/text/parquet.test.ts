import path from 'node:path';
import { expect, it } from 'vitest';
import { openTextDataset } from '../../../../src/core/data/text';

/** Made by test/fixtures/text/make_parquet.py. */
const fixtures = path.resolve(__dirname, '../../../fixtures/text/parquet');
const splits = { validationSplit: 0, testSplit: 0 };

it.each(['films.parquet', 'films-zstd.parquet'])('%s: rows of several groups, with the names of their classes', async (name) => {
  const dataset = await openTextDataset(path.join(fixtures, name), splits);
  expect(dataset.task).toBe('text-classification');
  expect(dataset.classes).toEqual(['negative', 'positive']);
  expect(dataset.count).toBe(40);
  const words = ['good', 'bad', 'fine', 'poor'];
  for await (const { example, content } of dataset.readAll()) {
    const text = `the film number ${example} was ${words[example % 4]}`;
    expect(content).toEqual({ task: 'text-classification', text, label: example % 2 === 0 ? 1 : 0 });
  }
  expect(await dataset.read(39)).toMatchObject({ text: 'the film number 39 was poor' });
  await dataset.close();
});

it('conversations in nested columns', async () => {
  const dataset = await openTextDataset(path.join(fixtures, 'chat.parquet'), splits);
  expect(dataset.task).toBe('chat');
  expect(await dataset.read(3)).toEqual({
    task: 'chat',
    messages: [
      { role: 'user', content: 'question 3' },
      { role: 'assistant', content: 'answer 3' },
    ],
  });
  await dataset.close();
});

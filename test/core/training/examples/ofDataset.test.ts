import { expect, test, vi } from 'vitest';
import { openTextDataset } from '../../../../src/core/data/text';
import { TextTokenizer } from '../../../../src/core/text';
import { sequencesOf } from '../../../../src/core/training/examples/ofDataset';
import { newFolder } from '../harness';
import { lines, sentences, tinyModel } from '../tinyTexts';

test('a text is encoded once, for its length and for all that learns from it', async () => {
  const tokenizer = await TextTokenizer.open(await tinyModel(newFolder(), 'bert'));
  const rows = ['text\tlabel', ...sentences(50).map(({ text, label }) => `${text}\t${label}`)];
  const dataset = await openTextDataset(lines(newFolder(), 'rows.tsv', rows), { validationSplit: 0.2, testSplit: 0 });
  const encode = vi.spyOn(tokenizer, 'encode');
  const { sequences } = await sequencesOf(dataset, { tokenizer, maxLength: 64 });
  const read = await Promise.all(Array.from(sequences.lengths, (_, i) => sequences.read(i)));
  expect(read.map(({ ids }) => ids.length)).toEqual(Array.from(sequences.lengths));
  expect(encode).toHaveBeenCalledTimes(dataset.count);
  await sequences.close();
});

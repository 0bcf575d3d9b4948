import { expect, test } from 'vitest';
import { addLora } from '../../../../src/core/models';
import { buildTextModel } from '../../../../src/core/models/text';
import { bytesOfForm } from '../../../../src/core/training/examples/formCost';
import { select } from '../../../../src/core/training/selection';

const [wide, layers, words] = [32, 2, 1000];
const sizes = { hidden_size: wide, num_hidden_layers: layers, num_attention_heads: 2, intermediate_size: 4 * wide, vocab_size: words };
const bert = () => buildTextModel({ model_type: 'bert', ...sizes }, { head: 'sequence-classification', classes: 2 });
const layer = 12 * wide * wide + 13 * wide;
const [norm, pooler, classifier] = [2 * wide, wide * (wide + 1), 2 * (wide + 1)];

test('what another length takes: frozen layers once before what learns, twice within it, tables only where they learn', () => {
  const model = bert();
  const tables = (words + 512 + 2) * wide;
  const cost = (...phases: string[][]) =>
    bytesOfForm(
      model,
      phases.map((rules) => select(model, rules)),
    ) / 4;
  const head = norm + layers * layer + pooler + classifier;
  const top = norm + layer + layer + pooler + classifier;
  expect(cost(['classifier.**'])).toBe(norm + layers * layer + pooler + classifier);
  expect(cost(['bert.pooler.**', 'classifier.**'])).toBe(head);
  expect(cost(['bert.encoder.layer.1.**', 'bert.pooler.**', 'classifier.**'])).toBe(top);
  expect(cost(['bert.encoder.layer.0.output.dense.bias'])).toBe(norm + 2 * (layers * layer + pooler + classifier - wide) + wide);
  expect(cost(['**'])).toBe(tables + head);
  expect(cost(['classifier.**'], ['**'])).toBe(tables + head);
  expect(cost()).toBe(head);

  addLora(model, { rank: 1, alpha: 1, targets: ['**.query'] });
  expect(cost(['**.lora_A.*', '**.lora_B.*'])).toBe(norm + 2 * (layers * layer + pooler + classifier) + layers * 2 * wide);
});

test('a table that is the output layer too is packed for it', () => {
  const gpt2 = (tied: boolean) => {
    const model = {
      model_type: 'gpt2',
      n_embd: wide,
      n_layer: 1,
      n_head: 2,
      n_positions: 64,
      vocab_size: words,
      tie_word_embeddings: tied,
    };
    return bytesOfForm(buildTextModel(model, { head: 'causal-lm' }), []) / 4;
  };
  expect(gpt2(true)).toBeGreaterThanOrEqual(words * wide + layer);
});

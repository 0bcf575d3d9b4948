import type { Engine, TensorData } from '../src/core/engine';
import { loraRules } from '../src/core/methods/lora';
import { setDropout } from '../src/core/models/dropout';
import { addLora } from '../src/core/models/lora';
import { buildTextModel, type TextModel } from '../src/core/models/text';
import { initialTensors } from '../src/core/nn';
import { select } from '../src/core/training/selection';
import { Slots, slotKinds } from '../src/core/training/slots';
import { Stage } from '../src/core/training/stage';
import type { Case, Scale } from './case';
import { generationCase } from './generationCase';

/** MiniLM's shape: 22.7 million parameters. */
const miniLm = { model_type: 'bert', hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 };
const classes = 2;
const optimizer = { name: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 } as const;

export const textCases: Record<string, Case> = {
  'transformer-forward': {
    measure: 'frozen forward, transformer of 6 layers, 384 wide, 64 tokens',
    size: 64,
    goals: { pytorch: 0.8 },
    prepare: async (engine, scale) => {
      const { stage, ids, beside } = await stageOf(engine, scale, built(), ['classifier.**']);
      return { step: () => stage.features({ x: ids, beside }) };
    },
  },
  transformer: {
    measure: 'training step of all its layers',
    size: 64,
    goals: { pytorch: 1.0 },
    prepare: (engine, scale) => learning(engine, scale, built(), ['**']),
  },
  'transformer-lora': {
    measure: 'the same, LoRA of rank 8 on query and value',
    size: 64,
    goals: { pytorch: 0.9 },
    prepare: (engine, scale) => {
      const model = built();
      addLora(model, { rank: 8, alpha: 16, targets: ['**.query', '**.value'] });
      return learning(engine, scale, model, loraRules(model));
    },
  },
  'transformer-dropout': {
    measure: 'training step of all its layers, dropout of 0.1 everywhere',
    size: 64,
    goals: { pytorch: 1.0 },
    prepare: (engine, scale) => learning(engine, scale, built(0.1), ['**']),
  },
  'transformer-lora-dropout': {
    measure: 'the same, LoRA of rank 8 on query and value',
    size: 64,
    goals: { pytorch: 0.9 },
    prepare: (engine, scale) => {
      const model = built(0.1);
      addLora(model, { rank: 8, alpha: 16, targets: ['**.query', '**.value'] });
      return learning(engine, scale, model, loraRules(model));
    },
  },
  generation: generationCase,
};

function built(dropout = 0): TextModel {
  const model = buildTextModel(miniLm, { head: 'sequence-classification', classes });
  setDropout(model, dropout);
  return model;
}

async function learning(engine: Engine, scale: Scale, model: TextModel, rules: string[]) {
  const { stage, ids, beside } = await stageOf(engine, scale, model, rules);
  const x = await stage.features({ x: ids, beside });
  const labels = Int32Array.from({ length: scale.batch }, (_, i) => i % classes);
  const weights = new Float32Array(scale.batch).fill(1 / scale.batch);
  return { step: () => stage.train({ x, beside, labels, weights, learningRate: 1e-6 }) };
}

async function stageOf(engine: Engine, { batch, size }: Scale, model: TextModel, rules: string[]) {
  const fed = { dtype: 'int32', shape: [size] } as const;
  const tensors: Map<string, TensorData> = initialTensors(model.root, 0);
  const stage = await Stage.compile({
    engine,
    model,
    forms: [{ x: fed, beside: { mask: fed, types: fed }, labels: [] }],
    selection: select(model, rules),
    batchSize: batch,
    config: { optimizer, labelSmoothing: 0 },
    tensors,
    slots: new Slots(slotKinds(optimizer)),
  });
  const ids = Int32Array.from({ length: batch * size }, (_, i) => 1000 + ((i * 7919) % 20_000));
  return { stage, ids, beside: { mask: new Int32Array(batch * size).fill(1), types: new Int32Array(batch * size) } };
}

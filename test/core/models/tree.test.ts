import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { presetRules } from '../../../src/core/methods';
import { buildModel, mobilenetV2TransformersNames } from '../../../src/core/models';
import { layerTree, tensorsOf } from '../../../src/core/nn';
import { ThawError } from '../../../src/protocol/failure';
import type { LayerNode } from '../../../src/protocol/layers';
import { signatures } from './family';
import { expected } from './fixtures';

function find(node: LayerNode, name: string): LayerNode {
  for (const candidate of [node, ...node.children]) {
    if (candidate.name === name) return candidate;
    if (candidate !== node && name.startsWith(`${candidate.name}.`)) return find(candidate, name);
  }
  throw new Error(`no layer ${name} in ${node.name}`);
}
const treeOf = (architecture: string, classes: number, size?: number) => {
  const model = buildModel({ architecture, classes, ...(size && { input: { size } }) });
  return { model, tree: layerTree(model.root, [3, model.input.size, model.input.size]) };
};

describe.each(Object.entries({ ...expected.signatures, ...signatures }))('%s', (architecture, signature) => {
  it("has timm's tensors, counts and preprocessing", () => {
    const { model, tree } = treeOf(architecture, 1000);
    const lines = [...tensorsOf(model.root)].map(({ name, shape }) => `${name}[${shape.join()}]`);
    expect(createHash('sha256').update(lines.join('\n')).digest('hex')).toBe(signature.tensors);
    expect(tree.parameters).toBe(signature.parameters);
    expect(model.input).toMatchObject({ size: signature.input, interpolation: signature.interpolation, mean: signature.mean });
    expect(model.input.crop).toBeCloseTo(signature.crop, 2);
  });
});

describe('the layer tree', () => {
  it('shows EfficientNet-Lite0 as people know it', () => {
    const { tree } = treeOf('tf_efficientnet_lite0', 2);
    expect(tree.children.map((child) => child.name)).toEqual([
      'conv_stem',
      'bn1',
      'blocks',
      'conv_head',
      'bn2',
      'global_pool',
      'classifier',
    ]);
    expect(tree).toMatchObject({ name: '', outputShape: [2], parameters: 3_371_008 + 2562, trainable: 0 });
    expect(find(tree, 'conv_stem')).toMatchObject({ type: 'Conv2d 3×3', outputShape: [32, 112, 112] });
    expect(find(tree, 'blocks.2.0')).toMatchObject({ type: 'InvertedResidual', outputShape: [40, 28, 28] });
    expect(find(tree, 'blocks.2.0.conv_dw')).toMatchObject({ type: 'Depthwise 5×5', outputShape: [144, 28, 28] });
    expect(find(tree, 'blocks.6.0.bn3')).toMatchObject({ type: 'BatchNorm', outputShape: [320, 7, 7], parameters: 640 });
    expect(find(tree, 'blocks.6.0.bn3').tensors.map((tensor) => tensor.name)).toEqual([
      'blocks.6.0.bn3.weight',
      'blocks.6.0.bn3.bias',
      'blocks.6.0.bn3.running_mean',
      'blocks.6.0.bn3.running_var',
    ]);
    expect(find(tree, 'classifier')).toMatchObject({ type: 'Linear', outputShape: [2], parameters: 2562 });
  });

  it.each([
    'tf_efficientnet_lite0',
    'efficientnet_lite0',
    'mobilenetv2_035',
    'convnet_small',
    'resnet18',
    'resnet50',
    'convnext_atto',
    'convnext_tiny',
    'vit_tiny_patch16_224',
    'deit_tiny_distilled_patch16_224',
  ])('of %s agrees with its chain', (name) => {
    for (const size of [50, 96, 224]) {
      const { model, tree } = treeOf(name, 5, size);
      const through = model.chain.reduce((shape, module) => module.outputShape(shape), [3, size, size] as readonly number[]);
      expect(through).toEqual(tree.outputShape);
      const inChain = model.chain.flatMap((module) => [...tensorsOf(module)].map((tensor) => tensor.name));
      expect(inChain).toEqual([...tensorsOf(model.root)].map((tensor) => tensor.name));
      for (const path of [...model.blocks, model.head]) expect(find(tree, path).parameters, path).toBeGreaterThan(0);
    }
  });

  it('refuses an architecture that it does not know, by name', () => {
    for (const architecture of ['resnet51', 'resnet50d', 'mobilenetv2_000', 'tf_efficientnet_lite5', '__proto__'])
      expect(() => buildModel({ architecture, classes: 2 })).toThrow(ThawError);
  });
});

describe.each([
  [
    'resnet50',
    {
      maxpool: [64, 56, 56],
      'layer1.0': [256, 56, 56],
      'layer2.0.conv2': [128, 28, 28],
      'layer4.2': [2048, 7, 7],
      global_pool: [2048],
      fc: [5],
    },
    ['layer4.1.**', 'layer4.2.**', 'fc.**'],
  ],
  [
    'convnext_tiny',
    { stem: [96, 56, 56], 'stages.1.downsample.1': [192, 28, 28], 'stages.3.blocks.2': [768, 7, 7], 'head.norm': [768], head: [5] },
    ['stages.3.blocks.1.**', 'stages.3.blocks.2.**', 'head.norm.**', 'head.fc.**'],
  ],
  [
    'vit_tiny_patch16_224',
    {
      patch_embed: [196, 192],
      'blocks.0.attn': [197, 192],
      'blocks.11': [197, 192],
      'blocks.11.mlp.fc1': [197, 768],
      norm: [197, 192],
      head: [5],
    },
    ['blocks.10.**', 'blocks.11.**', 'norm.**', 'head.**'],
  ],
  [
    'deit_small_distilled_patch16_224',
    { 'patch_embed.proj': [384, 14, 14], blocks: [198, 384], head: [5], head_dist: [5] },
    ['blocks.10.**', 'blocks.11.**', 'norm.**', 'head.**', 'head_dist.**'],
  ],
])('%s', (architecture, shapes, top) => {
  it("has PyTorch's shapes in its tree, and its own last blocks and heads for presets", () => {
    const { model, tree } = treeOf(architecture, 5);
    for (const [name, shape] of Object.entries(shapes)) expect(find(tree, name).outputShape, name).toEqual(shape);
    expect(presetRules(model, 'top')).toEqual(top);
    expect(presetRules(model, 'head')).toEqual(top.filter((rule) => /^(fc|head\.fc|head|head_dist)\.\*\*$/.test(rule)));
  });
});

it("maps each of Hugging Face's names of MobileNetV2 to one of timm's", () => {
  const ours = new Set([...tensorsOf(buildModel({ architecture: 'mobilenetv2_100', classes: 2 }).root)].map((tensor) => tensor.name));
  const mapped = [...mobilenetV2TransformersNames().values()].filter((name) => !name.endsWith('num_batches_tracked'));
  expect(new Set(mapped)).toEqual(ours);
  expect(mapped.length).toBe(ours.size);
});

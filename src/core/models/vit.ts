import * as z from 'zod';
import type { ImageTarget } from '../data/target';
import { rooted } from '../nn';
import type { ImageModel } from './model';
import { resampledPositions } from './positions';
import { argumentsOf, half, imageNetDeviation, imageNetMean, type ModelSpec, timmConfig, unsupportedSetting } from './spec';
import { VisionTransformer } from './visionTransformer';

/** ViT (Dosovitskiy et al. 2020, table 1) and DeiT (Touvron et al. 2020, table 1). */
export const vitWidths = {
  tiny: { features: 192, heads: 3, depth: 12 },
  small: { features: 384, heads: 6, depth: 12 },
  base: { features: 768, heads: 12, depth: 12 },
  large: { features: 1024, heads: 16, depth: 24 },
} as const;

/** Those of timm's names that stand for nothing but width, patches and size of picture. */
const names =
  /^(?:(?<vit>vit)_(?<width>tiny|small|base|large)_patch(?<patch>8|16|32)_(?<size>224|384)|deit_(?<deit>tiny|small|base)_(?<distilled>distilled_)?patch16_(?<deitSize>224|384))$/;
const unknown = ['vit_tiny_patch8_224', 'vit_tiny_patch32_224', 'vit_large_patch8_224', 'deit_tiny_patch16_384', 'deit_small_patch16_384'];

const count = z.int().min(1);
const known = {
  patch_size: count,
  embed_dim: count,
  depth: count,
  num_heads: count,
  mlp_ratio: z.number().positive(),
  /** Further tokens before the patches, which no head reads: transformers' DeiT without its second head has one. */
  reg_tokens: z.int().min(0).max(64),
  img_size: z.union([count, z.tuple([count, count]).refine(([height, width]) => height === width)]),
  // What follows is as it always is here; another value is another network.
  class_token: z.literal(true),
  qkv_bias: z.literal(true),
  proj_bias: z.literal(true),
  pre_norm: z.literal(false),
  no_embed_class: z.literal(false),
  init_values: z.null(),
  fc_norm: z.literal(false).nullable(),
  pos_embed: z.literal('learn'),
  dynamic_img_size: z.boolean(),
};

/** timm's `vit_base_patch16_224` and its like, `deit_small_distilled_patch16_224` with its two heads. */
export function vitFamily(spec: ModelSpec): ImageModel | null {
  const found = names.exec(spec.architecture)?.groups;
  if (!found || unknown.includes(spec.architecture)) return null;
  const isVit = found.vit !== undefined;
  const width = vitWidths[(found.width ?? found.deit) as keyof typeof vitWidths];
  const ownSize = Number(found.size ?? found.deitSize);
  const args = argumentsOf(spec, 'token', known);
  const given = Array.isArray(args.img_size) ? args.img_size[0] : args.img_size;
  const input: ImageTarget = {
    size: given ?? ownSize,
    crop: ownSize === 384 ? 1 : 0.9,
    interpolation: 'bicubic',
    mean: isVit ? half : imageNetMean,
    std: isVit ? half : imageNetDeviation,
    ...spec.input,
  };
  const features = args.embed_dim ?? width.features;
  const patch = args.patch_size ?? Number(found.patch ?? 16);
  const distilled = found.distilled !== undefined;
  const registers = args.reg_tokens ?? 0;
  if (distilled && registers > 0) throw unsupportedSetting('reg_tokens', registers);
  const root = rooted(
    new VisionTransformer({
      features,
      heads: args.num_heads ?? width.heads,
      depth: args.depth ?? width.depth,
      hidden: Math.trunc(features * (args.mlp_ratio ?? 4)),
      patch,
      grid: Math.floor(input.size / patch),
      distilled,
      registers,
      classes: spec.classes,
    }),
  );
  const heads = distilled ? ['head', 'head_dist'] : ['head'];
  const letter = (found.width ?? found.deit ?? '').replace(/^./, (first) => first.toUpperCase());
  return {
    architecture: spec.architecture,
    title: `${isVit ? 'ViT' : 'DeiT'}-${letter}/${patch}${distilled ? ' distilled' : ''}`,
    family: isVit ? 'vit' : 'deit',
    root,
    chain: root.chain,
    input,
    classes: spec.classes,
    head: 'head',
    heads,
    blocks: root.blocks.map((block) => block.path),
    refit: (name, tensor) =>
      name === 'pos_embed' ? resampledPositions(tensor, heads.length + registers, Math.floor(input.size / patch)) : tensor,
    config: timmConfig(spec, {
      input,
      features,
      firstConv: 'patch_embed.proj',
      classifier: distilled ? heads : 'head',
      pool: 'token',
      fixedSize: true,
      args: input.size === ownSize ? {} : { img_size: input.size },
    }),
  };
}

interface Sizes {
  readonly features: number;
  readonly heads: number;
  readonly depth: number;
  readonly hidden: number;
  readonly patch: number;
  readonly size: number;
}

/** timm's name and model_args of a plain ViT of these sizes. */
export function vitNamed(sizes: Sizes) {
  const { patch, size } = sizes;
  const width = widthOf(sizes);
  const named = width && `vit_${width}_patch${patch}_${size === 384 ? 384 : 224}`;
  if (named && names.test(named) && !unknown.includes(named)) return { architecture: named, args: {} };
  return { architecture: 'vit_base_patch16_224', args: argumentsFor(sizes) };
}

/** The same of a DeiT that has a distillation token, and a second head to read it or none. */
export function deitNamed(sizes: Sizes, hasSecondHead: boolean) {
  const { patch, size } = sizes;
  const width = widthOf(sizes);
  const nameOf = (base: string) => `deit_${base}_${hasSecondHead ? 'distilled_' : ''}patch16_${size === 384 ? 384 : 224}`;
  const token = hasSecondHead ? {} : { reg_tokens: 1 };
  const named = width && nameOf(width);
  if (named && patch === 16 && names.test(named) && !unknown.includes(named)) return { architecture: named, args: token };
  return { architecture: nameOf('base'), args: { ...argumentsFor(sizes), ...token } };
}

function widthOf({ features, heads, depth, hidden }: Sizes): string | undefined {
  const fits = ({ features: f, heads: h, depth: d }: (typeof vitWidths)[keyof typeof vitWidths]) =>
    f === features && h === heads && d === depth && hidden === 4 * features;
  return Object.entries(vitWidths).find(([, known]) => fits(known))?.[0];
}

function argumentsFor({ features, heads, depth, hidden, patch }: Sizes) {
  return { patch_size: patch, embed_dim: features, depth, num_heads: heads, mlp_ratio: hidden / features };
}

/** Hugging Face's names (transformers, ViTForImageClassification and DeiT's) → timm's; `part` of three that lie one after another there. */
export function vitTransformersNames(depth: number): Map<string, { name: string; part: number; of: number }> {
  const places = new Map<string, { name: string; part: number; of: number }>();
  const put = (theirs: string, name: string, part = 0, of = 1) => void places.set(theirs, { name, part, of });
  const both = (theirs: string, name: string, part = 0, of = 1) => {
    for (const key of ['weight', 'bias']) put(`${theirs}.${key}`, `${name}.${key}`, part, of);
  };
  put('embeddings.cls_token', 'cls_token');
  put('embeddings.position_embeddings', 'pos_embed');
  both('embeddings.patch_embeddings.projection', 'patch_embed.proj');
  for (let i = 0; i < depth; i++) {
    const [theirs, ours] = [`encoder.layer.${i}`, `blocks.${i}`];
    both(`${theirs}.layernorm_before`, `${ours}.norm1`);
    for (const [part, key] of ['query', 'key', 'value'].entries())
      both(`${theirs}.attention.attention.${key}`, `${ours}.attn.qkv`, part, 3);
    both(`${theirs}.attention.output.dense`, `${ours}.attn.proj`);
    both(`${theirs}.layernorm_after`, `${ours}.norm2`);
    both(`${theirs}.intermediate.dense`, `${ours}.mlp.fc1`);
    both(`${theirs}.output.dense`, `${ours}.mlp.fc2`);
  }
  both('layernorm', 'norm');
  both('classifier', 'head');
  return places;
}

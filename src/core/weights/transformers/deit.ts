import * as z from 'zod';
import { deitNamed, imageNetDeviation, imageNetMean, vitTransformersNames } from '../../models';
import { typeOf } from './type';
import { otherUses, vitOnly, vitSettings, vitSizes } from './vit';

const secondHead = 'DeiTForImageClassificationWithTeacher';

/**
 * transformers' DeiT, which has a distillation token always: DeiTForImageClassificationWithTeacher, whose second head reads
 * it, and DeiTForImageClassification and the bare DeiTModel, where it is one more token. (What has none is published as a ViT.)
 */
export const deitType = typeOf({
  schema: z.looseObject({ ...vitSettings, architectures: z.array(z.string()).nullish() }),
  only: vitOnly,
  input: { mean: imageNetMean, std: imageNetDeviation, interpolation: 'bicubic', crop: 224 / 256 },
  read(config, path) {
    const sizes = vitSizes(config, path);
    const hasSecondHead = config.architectures?.includes(secondHead) ?? false;
    const token = { name: hasSecondHead ? 'dist_token' : 'reg_token', part: 0, of: 1 };
    const places = vitTransformersNames(sizes.depth).set('embeddings.distillation_token', token);
    if (hasSecondHead)
      for (const key of ['weight', 'bias']) {
        places.set(`cls_classifier.${key}`, { name: `head.${key}`, part: 0, of: 1 });
        places.set(`distillation_classifier.${key}`, { name: `head_dist.${key}`, part: 0, of: 1 });
      }
    return {
      spec: { ...deitNamed(sizes, hasSecondHead), input: { size: sizes.size } },
      rename: (name) => {
        const bare = name.replace(/^deit\./, '');
        return otherUses.test(bare) ? null : places.get(bare);
      },
    };
  },
});

import * as z from 'zod';

const tokenSchema = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]).nullish();

/** What a tokenizer is said to be beside its vocabulary; the rest of the file goes to the tokenizer as it is. */
export const tokenizerConfigSchema = z.looseObject({
  pad_token: tokenSchema,
  bos_token: tokenSchema,
  eos_token: tokenSchema,
  unk_token: tokenSchema,
  cls_token: tokenSchema,
  sep_token: tokenSchema,
  mask_token: tokenSchema,
  model_max_length: z.number().nullish(),
  truncation_side: z.enum(['left', 'right']).nullish(),
  clean_up_tokenization_spaces: z.boolean().nullish(),
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
  /** One template, or several with names of which `default` is ours. */
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
});
export type TokenizerConfig = z.infer<typeof tokenizerConfigSchema>;

/** As far as it is looked at here; the library reads the rest. */
export const tokenizerSchema = z.looseObject({
  model: z.looseObject({ type: z.string().optional() }),
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string(), special: z.boolean().optional() })).default([]),
  normalizer: z.looseObject({}).nullish().default(null),
  pre_tokenizer: z.looseObject({}).nullish().default(null),
  post_processor: z.looseObject({}).nullish().default(null),
  decoder: z.looseObject({}).nullish().default(null),
});
export type TokenizerJson = z.infer<typeof tokenizerSchema>;

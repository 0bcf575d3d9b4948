import * as z from 'zod';

/** How a text is written; what is absent is greedy: always the likeliest token. */
export const generationSchema = z.strictObject({
  /** Tokens at most. */
  maxNewTokens: z.int().min(1).max(1_000_000).default(128),
  /** Divides the logits before a token is drawn; 0 takes the likeliest. */
  temperature: z.number().min(0).max(100).default(0),
  /** Draws among so many of the likeliest tokens; 0 among all. */
  topK: z.int().min(0).default(0),
  /** Draws among the likeliest tokens that have this probability together. */
  topP: z.number().gt(0).max(1).default(1),
  /** Texts that are followed side by side, of which the likeliest is taken; 1: no search. Nothing is drawn then. */
  beams: z.int().min(1).max(32).default(1),
  /** Texts before which it ends. */
  stop: z.array(z.string().min(1)).max(16).default([]),
  /** The same seed draws the same text. */
  seed: z.int().default(0),
});
export type GenerationOptions = z.infer<typeof generationSchema>;
export const generationDefaults: GenerationOptions = generationSchema.parse({});

/** Why a text ended: the model ended it, a stop text came, or there was no room for more. */
export const finishSchema = z.enum(['eos', 'stop', 'length']);
export type Finish = z.infer<typeof finishSchema>;

export const generatedSchema = z.object({
  /** As the model was given it: of a chat, as its template writes it. */
  prompt: z.string(),
  text: z.string(),
  /** How many were computed, the one that ends the text included. */
  tokens: z.int(),
  tokensPerSecond: z.number(),
  finish: finishSchema,
});
export type Generated = z.infer<typeof generatedSchema>;

/** Progress carries what has been written since the last one; the answer has the rest, and all of it together. */
export const generateAnswerSchema = z.object({ delta: z.string(), result: generatedSchema.optional() });
export type GenerateAnswer = z.infer<typeof generateAnswerSchema>;

/** What somebody says in a conversation. */
export const turnSchema = z.object({ role: z.enum(['system', 'user', 'assistant', 'tool']), content: z.string() });
export type Turn = z.infer<typeof turnSchema>;

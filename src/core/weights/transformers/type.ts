import type * as z from 'zod';
import type { ImageTarget } from '../../data/target';
import type { ModelSpec } from '../../models';

/** Where a tensor of a file goes: one of ours, or one of several of equal size that lie there one after another (timm's qkv). */
export interface Place {
  readonly name: string;
  readonly part: number;
  readonly of: number;
}
/** Undefined for a tensor that the model has not; null for one that it needs not. */
export type Rename = (name: string) => Place | undefined | null;

/** What one of transformers' model types says in its config.json, turned into timm's terms. */
export interface TransformersType<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** Settings whose other values make another network. */
  readonly only: Readonly<Record<string, unknown>>;
  /** Of its pictures, where nothing else is said. */
  readonly input?: Partial<ImageTarget>;
  /** @throws ThawError `model.unsupported` naming a setting */
  read(config: z.infer<Schema>, path: string): { spec: Omit<ModelSpec, 'classes'>; rename: Rename };
}

export function typeOf<Schema extends z.ZodType>(type: TransformersType<Schema>): TransformersType {
  return type as unknown as TransformersType;
}

/** Names that go one to one. */
export function byNames(names: ReadonlyMap<string, string>): Rename {
  return (theirs) => {
    const name = names.get(theirs);
    return name === undefined ? undefined : { name, part: 0, of: 1 };
  };
}

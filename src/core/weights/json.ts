import { readFile } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import type * as z from 'zod';
import { corrupt, unreadable } from './corrupt';

/** @throws ThawError `model.missing` | `model.corrupt` naming what in the file is not as it should be. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw corrupt(path, l10n.t('The file is not JSON.'), error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw corrupt(path, l10n.t('The file does not describe a model: {0}', issues.join('; ')), parsed.error);
}

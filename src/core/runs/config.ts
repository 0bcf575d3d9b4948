import * as l10n from '@vscode/l10n';
import type { z } from 'zod';
import { ThawError } from '../../protocol/failure';
import { type RunConfig, runConfigSchema, runConfigVersion } from '../../protocol/runConfig';

/** All that is wrong with a value, one mistake a line: `phases[0].epochs: Too small …`. */
export function mistakes(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      const place = issue.path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? String(key) : `.${String(key)}`)).join('');
      return place ? `${place}: ${issue.message}` : issue.message;
    })
    .join('\n');
}

/** @throws ThawError `config.newer` where the value says that a later format wrote it. */
export function refuseNewer(value: unknown, path?: string): void {
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version !== 'number' || version <= runConfigVersion) return;
  throw new ThawError(
    'config.newer',
    l10n.t('This was written by a newer Thaw (format {0}; this one reads up to {1}).', version, runConfigVersion),
    l10n.t('Update Thaw, or start a new run.'),
    { path },
  );
}

/**
 * Checks a configuration and fills in what it leaves out.
 * @throws ThawError `config.invalid` with every mistake on a line of its own; `config.newer`.
 */
export function parseRunConfig(value: unknown, path?: string): RunConfig {
  refuseNewer(value, path);
  const parsed = runConfigSchema.safeParse(value);
  const wrong = parsed.success ? '' : mistakes(parsed.error);
  if (parsed.success && parsed.data.data.validationSplit + parsed.data.data.testSplit < 1) return parsed.data;
  throw new ThawError(
    'config.invalid',
    wrong || l10n.t('data: validationSplit and testSplit together leave no examples to train on.'),
    l10n.t('Correct the lines named above. Nothing was started.'),
    { path },
  );
}

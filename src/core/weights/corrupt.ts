import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';

/** A weights file that is damaged or lies about its contents. */
export function corrupt(path: string, what: string, cause?: unknown): ThawError {
  return new ThawError(
    'model.corrupt',
    what,
    l10n.t('The file is damaged or was not fully copied. Get it again, or choose another model.'),
    {
      path,
      cause,
    },
  );
}

/** A file that is missing or may not be read, in the words of its own path. */
export function unreadable(path: string, error: unknown): unknown {
  if ((error as { code?: string } | null)?.code !== 'ENOENT') return error;
  return new ThawError('model.missing', l10n.t('There is no such file.'), l10n.t('Put the file back, or choose another model.'), {
    path,
    cause: error,
  });
}

/** The same failure, naming the file where it named none. */
export function atPath(error: unknown, path: string): unknown {
  if (!(error instanceof ThawError) || error.failure.path) return error;
  const { code, message, hint, detail } = error.failure;
  return new ThawError(code, message, hint, { path, detail, cause: error });
}

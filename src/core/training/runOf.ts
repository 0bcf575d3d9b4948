import { existsSync } from 'node:fs';
import path from 'node:path';
import { runFiles } from '../../protocol/paths';
import type { RunRecord } from '../../protocol/runConfig';
import { readRecord } from '../runs';

/**
 * The run that a folder is, or whose model or adapter it is; null for any other model.
 * @throws ThawError `run.corrupt` | `config.newer`
 */
export async function runOf(folder: string): Promise<RunRecord | null> {
  const given = path.resolve(folder);
  const run = [given, path.dirname(given)].find((place) => existsSync(path.join(place, runFiles.record)));
  return run === undefined ? null : readRecord(run);
}

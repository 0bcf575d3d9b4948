import * as l10n from '@vscode/l10n';
import { type HubModel, hubName, hubNameText, pull as pullModel } from '../../core/weights/hub';
import { ThawError } from '../../protocol/failure';
import { atInterrupt } from '../interrupt';
import type { Output } from '../output';
import { bar, StatusLine } from '../statusLine';
import { duration, integer, size } from '../table';

/** Brings a model of the hub into the cache; Ctrl+C stops it, and what has come is kept. */
export async function pull(id: string, output: Output): Promise<void> {
  const name = hubName(id);
  const status = new StatusLine();
  const stop = new AbortController();
  const stopped = new ThawError('interrupted', l10n.t('Stopped.'), l10n.t('“thaw pull {0}” goes on where it was.', hubNameText(name)));
  const interruption = atInterrupt(async () => stop.abort(stopped));
  let model: HubModel | null = null;
  const began = performance.now();
  try {
    status.show(l10n.t('Asking the hub for {0}', hubNameText(name)));
    const pulled = await pullModel(name, {
      signal: stop.signal,
      onFound(found) {
        model = found;
        status.print(foundText(found));
      },
      onProgress({ done, total, waiting }) {
        const seconds = (performance.now() - began) / 1000;
        if (waiting !== undefined) status.show(l10n.t('Waiting {0}', duration(waiting)));
        else if (total > 0) status.show(`${bar(done / total)}  ${size(done)} / ${size(total)}  ${size(done / Math.max(seconds, 0.1))}/s`);
      },
    });
    status.clear();
    const { commit, folder, fetched } = pulled;
    const { licence = '', bytes = 0, gated = false, downloads = 0 }: Partial<HubModel> = model ?? {};
    output.result({ id: hubNameText(name), commit, path: folder, fetched, bytes, licence, gated, downloads }, () =>
      [
        fetched > 0 ? l10n.t('Downloaded {0} to {1}', size(fetched), folder) : l10n.t('It was there already: {0}', folder),
        `${l10n.t('Next')}   thaw layers ${hubNameText(name)}`,
      ].join('\n'),
    );
  } finally {
    status.clear();
    interruption.dispose();
  }
}

function foundText({ repo, commit, licence, downloads, bytes, files }: HubModel): string {
  const facts = [
    l10n.t('{0} in {1} files', size(bytes), files.length),
    licence ? l10n.t('licence {0}', licence) : l10n.t('no licence stated'),
    l10n.t('{0} downloads', integer(downloads)),
  ];
  return `${repo} (${commit.slice(0, 7)}): ${facts.join(', ')}`;
}

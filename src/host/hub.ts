import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { HubAccess, HubFacts, ModelFacts, PopularModels } from '../protocol/assistant';
import type { Task } from '../protocol/data';
import { asFailure, type Failure } from '../protocol/failure';
import type { Assistant } from './assistantProcess';
import type { Format } from './format';
import { showFailure } from './notifications';

const tokenKey = 'thaw.hub.token';
/** Long enough for a few letters to be typed. */
const typingMs = 350;

interface HubItem extends vscode.QuickPickItem {
  readonly model: string;
}

/** Models of the hub, as VS Code shows them: found by name, looked at, downloaded. The child does the asking. */
export class Hub {
  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly assistant: Assistant,
    private readonly format: Format,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** The endpoint of the settings and the token that was entered; without them, what the environment says. */
  async access(): Promise<HubAccess> {
    const endpoint = vscode.workspace.getConfiguration('thaw').get('hub.endpoint', '').trim();
    const token = await this.secrets.get(tokenKey);
    return { ...(endpoint && { endpoint }), ...(token && { token }) };
  }

  async enterToken(): Promise<void> {
    const entered = await vscode.window.showInputBox({
      title: l10n.t('Token for the Hub'),
      prompt: l10n.t('Made on the hub under Settings, Access Tokens; reading is enough. Leave it empty to forget the one there is.'),
      password: true,
      ignoreFocusOut: true,
    });
    if (entered === undefined) return;
    if (entered.trim()) await this.secrets.store(tokenKey, entered.trim());
    else await this.secrets.delete(tokenKey);
  }

  /** Lets somebody find a model, look at its facts and agree to the download. @returns its name, or nothing */
  async pick(task: Task): Promise<string | undefined> {
    const access = await this.access();
    const chosen = await this.find(task, access);
    if (chosen === undefined) return undefined;
    try {
      const [facts, model] = await this.look(chosen, access);
      return (await this.agrees(facts, model)) ? facts.id : undefined;
    } catch (error) {
      await this.tell(asFailure(error));
      return undefined;
    }
  }

  /** @returns whether the model is here now */
  async download(id: string): Promise<boolean> {
    const title = l10n.t('Downloading {0}', id);
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    const failure = await vscode.window.withProgress(options, async (progress, cancellation): Promise<Failure | null> => {
      const stop = new AbortController();
      cancellation.onCancellationRequested(() => stop.abort());
      let shown = 0;
      try {
        const onProgress = ({ done, total, waiting }: { done: number; total: number; waiting?: number }) => {
          const share = total > 0 ? (100 * done) / total : 0;
          const message =
            waiting === undefined
              ? l10n.t('{0} of {1}', this.format.bytes(done), this.format.bytes(total))
              : l10n.t('waiting {0}', this.format.duration(waiting));
          progress.report({ message, increment: Math.max(0, share - shown) });
          shown = Math.max(shown, share);
        };
        await this.assistant.ask('pull', { model: id, hub: await this.access() }, { signal: stop.signal, onProgress });
        return null;
      } catch (error) {
        return asFailure(error);
      }
    });
    if (failure && failure.code !== 'interrupted') void this.tell(failure);
    return failure === null;
  }

  /** A quick pick of popular models, and of what the hub finds by the letters typed. */
  private find(task: Task, hub: HubAccess): Promise<string | undefined> {
    const pick = vscode.window.createQuickPick<HubItem>();
    pick.title = l10n.t('A Model on the Hub');
    pick.placeholder = l10n.t('ORGANISATION/NAME, or a part of it');
    pick.matchOnDescription = true;
    let asking = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const search = async () => {
      asking.abort();
      asking = new AbortController();
      const { signal } = asking;
      const text = pick.value.trim();
      pick.busy = true;
      try {
        const found = await this.assistant.ask('popular', { task, search: text.split('@')[0] ?? '', hub }, { signal });
        if (!signal.aborted) pick.items = this.itemsOf(found, text);
      } catch (error) {
        if (signal.aborted) return;
        pick.hide();
        await this.tell(asFailure(error));
      } finally {
        if (!signal.aborted) pick.busy = false;
      }
    };
    return new Promise((resolve) => {
      pick.onDidChangeValue(() => {
        clearTimeout(timer);
        timer = setTimeout(() => void search(), typingMs);
      });
      pick.onDidAccept(() => {
        const typed = pick.value.trim();
        resolve(pick.selectedItems[0]?.model ?? (typed || undefined));
        pick.hide();
      });
      pick.onDidHide(() => {
        clearTimeout(timer);
        asking.abort();
        resolve(undefined);
        pick.dispose();
      });
      pick.show();
      void search();
    });
  }

  private itemsOf(found: PopularModels, typed: string): HubItem[] {
    const items = found.map(({ id, downloads, licence, gated }) => ({
      model: id,
      label: id,
      description: [l10n.t('{0} downloads', this.format.count(downloads)), licence, gated ? l10n.t('terms to accept') : '']
        .filter(Boolean)
        .join(' · '),
    }));
    // A whole name stands on its own: it need not be popular.
    if (!typed.includes('/') || found.some(({ id }) => id === typed)) return items;
    return [{ model: typed, label: typed, description: l10n.t('by its name') }, ...items];
  }

  /** Facts and, where the header of the weights tells, the model: what Thaw cannot read is refused before it is downloaded. */
  private look(id: string, hub: HubAccess): Promise<[HubFacts, ModelFacts | null]> {
    const options = { location: vscode.ProgressLocation.Notification, title: l10n.t('Looking at {0}', id), cancellable: true };
    return Promise.resolve(
      vscode.window.withProgress(options, async (_, cancellation): Promise<[HubFacts, ModelFacts | null]> => {
        const stop = new AbortController();
        cancellation.onCancellationRequested(() => stop.abort());
        const facts = await this.assistant.ask('hubModel', { model: id, hub }, { signal: stop.signal });
        if (!facts.hasHeader) return [facts, null];
        const layers = await this.assistant.ask('layers', { model: id, classes: 2, hub }, { signal: stop.signal });
        return [facts, layers.facts];
      }),
    );
  }

  private async agrees({ id, bytes, missing, files, licence, downloads, gated }: HubFacts, model: ModelFacts | null): Promise<boolean> {
    if (missing === 0) return true;
    const detail = [
      ...(model ? [`${model.title} · ${l10n.t('{0} parameters', this.format.count(model.parameters))}`] : []),
      missing < bytes
        ? l10n.t('{0} of {1} are still to come', this.format.bytes(missing), this.format.bytes(bytes))
        : l10n.t('{0} in {1} files', this.format.bytes(bytes), files),
      licence ? l10n.t('Licence: {0}', licence) : l10n.t('Its card states no licence.'),
      l10n.t('{0} downloads', this.format.count(downloads)),
      ...(gated ? [l10n.t('Its terms must be accepted on the hub.')] : []),
    ].join('\n');
    const download = l10n.t('Download');
    return (await vscode.window.showInformationMessage(l10n.t('Download {0}?', id), { modal: true, detail }, download)) === download;
  }

  private async tell(failure: Failure): Promise<void> {
    if (failure.code === 'interrupted') return;
    if (failure.code !== 'hub.denied') return showFailure(failure, this.log);
    const enter = l10n.t('Enter Token…');
    if ((await vscode.window.showErrorMessage(`${failure.message} ${failure.hint}`, enter)) === enter) await this.enterToken();
  }
}

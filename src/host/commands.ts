import { rm, stat } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { RunSummary } from '../core/runs';
import { asFailure } from '../protocol/failure';
import type { Assistant } from './assistantProcess';
import { doctorText } from './doctor';
import type { Documents } from './documents';
import type { Format } from './format';
import type { Hub } from './hub';
import { modelTitle } from './modelTitle';
import { showFailure } from './notifications';
import type { Panels } from './panels';
import { comparison, runDescription } from './runRows';
import type { RunSession } from './runSession';
import type { RunsIndex } from './runsIndex';
import { type RunsView, runOfRow } from './runsView';
import { openSample } from './sample';
import type { Sessions } from './sessions';
import { installCommand, type Tensorflow } from './tensorflow';

export interface CommandParts {
  readonly context: vscode.ExtensionContext;
  readonly assistant: { warm(): void };
  /** Its answers may take long. */
  readonly prober: Assistant;
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly index: RunsIndex;
  readonly panels: Panels;
  readonly runsView: RunsView;
  readonly documents: Documents;
  readonly format: Format;
  readonly log: vscode.LogOutputChannel;
  readonly tensorflow: Tensorflow;
  runsFolders(): string[];
}

/** A row of the Runs view (a run's path), or nothing when it comes from the palette. */
type Target = string | undefined;

/** How long a run may take to stop before its folder is deleted. */
const stopMs = 15_000;

export function registerCommands(parts: CommandParts): vscode.Disposable {
  const { context, assistant, hub, prober, sessions, index, panels, runsView, documents, format, log, tensorflow, runsFolders } = parts;

  const commands: Record<string, (...args: never[]) => unknown> = {
    'thaw.fineTune': async (uri?: vscode.Uri) => {
      assistant.warm(); // it starts while the tab is drawn
      const folder = uri?.fsPath ?? (await pickFolder());
      if (folder === undefined) return;
      await stat(folder);
      await panels.openFolder(folder);
    },
    'thaw.openRun': async (target: Target) => {
      const run = pathOf(target) ?? (await pickRun(l10n.t('Open Run')));
      if (run !== undefined) await panels.openRun(run);
    },
    'thaw.pause': async (target: Target) => (await sessionOf(target))?.request({ type: 'pause' }),
    'thaw.stop': async (target: Target) => {
      const run = pathOf(target);
      if (run === undefined && panels.front) await panels.front.stop();
      else await (await sessionOf(target))?.request({ type: 'stop' });
    },
    'thaw.resume': async (target: Target) => {
      const run = pathOf(target);
      if (run !== undefined) await panels.openRun(run); // what goes on is shown, and so is what goes wrong
      await panels.front?.resume();
    },
    'thaw.deleteRun': async (target: Target, selected?: string[]) => {
      const many = selected?.flatMap((row) => pathOf(row) ?? []) ?? [];
      const one = pathOf(target) ?? (many.length ? undefined : await pickRun(l10n.t('Delete Run')));
      await deleteRuns(many.length ? many : one === undefined ? [] : [one]);
    },
    'thaw.compareRuns': async (target: Target, selected?: string[]) => {
      const rows = selected?.flatMap((row) => pathOf(row) ?? []) ?? (target ? [] : runsView.selection);
      const paths = rows.length > 1 ? rows : await pickRuns();
      if (!paths?.length) return;
      const chosen = await Promise.all(paths.map((run) => sessions.get(run)));
      await documents.show(l10n.t('Runs compared'), comparison(chosen, format));
    },
    'thaw.doctor': async () => {
      const title = l10n.t('Trying each engine and device…');
      const place = vscode.ProgressLocation.Notification;
      const found = await vscode.window.withProgress({ location: place, title }, () => prober.ask('doctor', {}));
      await documents.show(l10n.t('This machine'), doctorText(found, runsFolders()));
    },
    [installCommand]: () => tensorflow.install(),
    'thaw.openSample': () => openSample(context),
    'thaw.hubToken': () => hub.enterToken(),
    'thaw.refreshRuns': () => index.refresh(),
  };

  async function sessionOf(target: Target): Promise<RunSession | null> {
    const run = pathOf(target);
    return run === undefined ? (panels.front?.session ?? null) : sessions.get(run);
  }

  async function runItems(): Promise<(vscode.QuickPickItem & { run: string })[]> {
    const item = (summary: RunSummary) => ({
      run: summary.path,
      label: `${summary.dataName} · ${modelTitle(summary.model)}`,
      description: runDescription(summary, format),
      detail: summary.id,
    });
    return (await index.list()).map(item);
  }

  async function pickRun(title: string): Promise<string | undefined> {
    return (await vscode.window.showQuickPick(runItems(), { title, placeHolder: l10n.t('Choose a run'), matchOnDetail: true }))?.run;
  }

  async function pickRuns(): Promise<string[] | undefined> {
    const title = l10n.t('Compare Runs');
    const placeHolder = l10n.t('Choose two or more runs');
    return (await vscode.window.showQuickPick(runItems(), { title, placeHolder, canPickMany: true }))?.map(({ run }) => run);
  }

  async function deleteRuns(runs: string[]): Promise<void> {
    if (runs.length === 0) return;
    const live = runs.flatMap((run) => sessions.find(run) ?? []).filter((session) => session.live);
    const question =
      runs.length === 1 ? l10n.t('Delete this run with its model?') : l10n.t('Delete {0} runs with their models?', runs.length);
    const detail = live.length ? l10n.t('It is still training and will be stopped.') : '';
    const yes = l10n.t('Delete');
    if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return;
    await Promise.all(live.map(stopped));
    for (const run of runs) {
      panels.closeRun(run);
      sessions.forget(run);
      await toTrash(run);
    }
    index.refresh();
  }

  const guarded = ([name, run]: [string, (...args: never[]) => unknown]) =>
    vscode.commands.registerCommand(name, async (...args: never[]) => {
      try {
        return await run(...args);
      } catch (error) {
        void showFailure(asFailure(error), log);
      }
    });
  return vscode.Disposable.from(...Object.entries(commands).map(guarded));
}

function pathOf(target: Target): string | undefined {
  return target === undefined ? undefined : runOfRow(target);
}

async function pickFolder(): Promise<string | undefined> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: l10n.t('Folder of pictures or texts, or a table of texts'),
      // Elsewhere a dialog shows either folders or files.
      canSelectFiles: process.platform === 'darwin' || vscode.env.remoteName !== undefined,
      canSelectFolders: true,
      openLabel: l10n.t('Fine-Tune on This Folder'),
      defaultUri: vscode.workspace.workspaceFolders?.[0]?.uri,
    })) ?? [];
  return folder?.fsPath;
}

/** Stops a run and waits until its process has ended, or for a while. */
async function stopped(session: RunSession): Promise<void> {
  await session.request({ type: 'stop' });
  const end = Date.now() + stopMs;
  while (session.live && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** A remote file system has no trash. */
async function toTrash(folder: string): Promise<void> {
  try {
    await vscode.workspace.fs.delete(vscode.Uri.file(folder), { recursive: true, useTrash: true });
  } catch {
    await rm(folder, { recursive: true, force: true });
  }
}

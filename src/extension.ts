// First: schemas are made while modules load.
import './host/earliest';

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { AssistantProcess } from './host/assistantProcess';
import { registerCommands } from './host/commands';
import { followContext } from './host/contextKeys';
import { Documents } from './host/documents';
import { began } from './host/earliest';
import { EditorUi } from './host/editorUi';
import { Format } from './host/format';
import { Hub } from './host/hub';
import { LayersView } from './host/layersView';
import { Notifications } from './host/notifications';
import { Panels } from './host/panels';
import { runViewType } from './host/runPanel';
import { RunsIndex } from './host/runsIndex';
import { RunsView } from './host/runsView';
import { Sessions } from './host/sessions';
import { Settings } from './host/settings';
import { StatusBar } from './host/statusBar';
import { Tensorflow } from './host/tensorflow';
import { TestLog } from './host/testLog';

const loading = performance.now() - began;

/** Wires the parts together; nothing is started or read before it is needed. */
export function activate(context: vscode.ExtensionContext): void {
  const activating = performance.now();
  if (vscode.l10n.bundle) l10n.config({ contents: vscode.l10n.bundle });

  const log = vscode.window.createOutputChannel('Thaw', { log: true });
  const format = new Format(vscode.env.language);
  const settings = new Settings(context);
  const sessions = new Sessions(() => settings.child());
  const testLog = TestLog.open();
  testLog?.follow(sessions);
  sessions.opened.on((session) => {
    session.logged.on((lines) => {
      for (const line of lines) log.info(`${session.title}: ${line}`);
    });
  });

  const helper = () =>
    new AssistantProcess(
      () => settings.child(),
      (line) => log.info(line),
    );
  const assistant = helper();
  const prober = helper();
  const hub = new Hub(context.secrets, assistant, format, log);
  const index = new RunsIndex(settings, sessions);
  const panels = new Panels(
    context.extensionUri,
    {
      assistant,
      prober,
      sessions,
      ui: new EditorUi(format, log, hub),
      hub: () => hub.access(),
      settings: (dataFolder) => settings.run(dataFolder),
      trusted: () => vscode.workspace.isTrusted,
    },
    (dataFolder) => index.liveRun(dataFolder),
    log,
  );
  const runsView = new RunsView(index, sessions, format);
  const documents = new Documents();
  const tensorflow = new Tensorflow(context.extensionPath, () => settings.child(), log);

  context.subscriptions.push(
    log,
    sessions,
    assistant,
    prober,
    panels,
    index,
    runsView,
    documents,
    tensorflow,
    new LayersView(panels, context.extensionUri, format),
    new StatusBar(index, sessions, format),
    new Notifications(sessions, panels, format),
    followContext(panels, sessions),
    registerCommands({
      ...{ context, assistant, hub, prober, sessions, index, panels, runsView, documents, format, log, tensorflow },
      runsFolders: () => settings.runsFolders(),
    }),
    vscode.window.registerWebviewPanelSerializer(runViewType, panels),
    vscode.workspace.onDidGrantWorkspaceTrust(() => panels.trust()),
  );
  if (testLog) context.subscriptions.push(testLog);
  testLog?.note('activated', { milliseconds: loading + performance.now() - activating, loading });
}

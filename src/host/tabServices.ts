import type { HubAccess, ModelFacts } from '../protocol/assistant';
import type { Task } from '../protocol/data';
import type { Failure } from '../protocol/failure';
import type { Assistant } from './assistantProcess';
import type { RunSettings } from './panelState';
import type { Sessions } from './sessions';

export interface Picture {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PickedModel {
  readonly id: string;
  /** To be downloaded; somebody has agreed to it. */
  readonly onHub: boolean;
}

/** What a tab asks of the editor around it. */
export interface TabUi {
  /** The chosen model; undefined when nothing was chosen. */
  pickModel(models: readonly ModelFacts[], current: string, task: Task): Promise<PickedModel | undefined>;
  /** Brings a model of the hub here, showing how far it is. @returns false when it failed, which is told, or was cancelled */
  downloadModel(id: string): Promise<boolean>;
  pickPicture(): Promise<Picture | undefined>;
  /** @param line from 1 */
  openFile(path: string, line?: number): void;
  openFolder(path: string): void;
  showLog(): void;
  manageTrust(): void;
  installTensorflow(): void;
  showFailure(failure: Failure): void;
}

export interface TabServices {
  readonly assistant: Assistant;
  /** Another process of the same kind for estimates alone: timing a model keeps it from answering anything else. */
  readonly prober: Pick<Assistant, 'ask'>;
  readonly sessions: Pick<Sessions, 'get' | 'begin' | 'resume'>;
  readonly ui: TabUi;
  /** How the hub is asked. */
  hub(): Promise<HubAccess>;
  settings(dataFolder: string): RunSettings;
  trusted(): boolean;
}

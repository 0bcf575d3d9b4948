import type { ModelFacts } from '../protocol/assistant';
import type { Failure } from '../protocol/failure';
import type { Assistant } from './assistantProcess';
import type { RunSettings } from './panelState';
import type { Sessions } from './sessions';

export interface Picture {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a tab asks of the editor around it. */
export interface TabUi {
  /** The chosen model's id; undefined when nothing was chosen. */
  pickModel(models: readonly ModelFacts[], current: string): Promise<string | undefined>;
  pickPicture(): Promise<Picture | undefined>;
  openFile(path: string): void;
  openFolder(path: string): void;
  showLog(): void;
  manageTrust(): void;
  showFailure(failure: Failure): void;
}

export interface TabServices {
  readonly assistant: Assistant;
  /** Another process of the same kind for estimates alone: timing a model keeps it from answering anything else. */
  readonly prober: Pick<Assistant, 'ask'>;
  readonly sessions: Pick<Sessions, 'get' | 'begin' | 'resume'>;
  readonly ui: TabUi;
  settings(dataFolder: string): RunSettings;
  trusted(): boolean;
}

export type { Checkpoint } from './checkpoints';
export { parseRunConfig } from './config';
export { replaceFile } from './durable';
export { listRuns, newRunFolder, type RunSummary, summarize } from './list';
export { isAlive, liveProcess, removeProcess, writeProcess } from './process';
export { type RunContents, readRecord, readReport, readRun } from './read';
export { RunFolder, requireNewFolder } from './runFolder';

/** Names inside a run folder. */
export const runFiles = {
  record: 'run.json',
  events: 'events.ndjson',
  process: 'process.json',
  checkpoints: 'checkpoints',
  model: 'model',
  /** Beside a model that has adapters merged in: they by themselves, in PEFT's layout. */
  adapter: 'adapter',
  report: 'report.json',
  predictions: 'predictions.ndjson',
  log: 'child.log',
} as const;

/** Where runs go in a workspace. */
export const defaultRunsFolder = '.thaw/runs';

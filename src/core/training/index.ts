export { beginRun, type RunPlaces, resumeRun } from './begin';
export { type CostOptions, estimateCost, type TextsRead } from './cost';
export { type EvaluateOptions, evaluateRun } from './evaluate';
export type { RunHandle } from './handle';
export { type Asked, loadPredictor, type Predictor } from './predictor';
export type { Preparing } from './preparing';

export { presetRules, presetsOf } from './freeze';

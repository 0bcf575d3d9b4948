export { presetRules, presetsOf } from './freeze';
export { loraRules } from './lora';

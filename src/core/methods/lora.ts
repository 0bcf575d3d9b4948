import type { Network } from '../models/model';

/** What learns with adapters: they, and the new head. */
export function loraRules(model: Network): string[] {
  return ['**.lora_A.*', '**.lora_B.*', `${model.head}.**`];
}

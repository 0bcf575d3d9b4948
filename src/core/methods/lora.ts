import { learnsHead } from '../models/lora';
import type { Network } from '../models/model';
import { newRules } from './head';

/** What learns with adapters: they, and of a classifier the head. A language model's head is the base's own, and stays. */
export function loraRules(model: Network): string[] {
  return ['**.lora_A.*', '**.lora_B.*', ...(learnsHead(model) ? newRules(model) : [])];
}

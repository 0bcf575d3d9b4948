import type { Module } from '../../nn';
import type { Top } from './textModel';

/** What tells tokens on a transformer's last layer, named as in transformers. */
export function languageHead(lm_head: Module, about: Pick<Top, 'architecture' | 'classes' | 'ignored'>): Top {
  return { ...about, within: {}, beside: { lm_head }, chain: [lm_head], head: 'lm_head', drawn: [] };
}

export { chrF } from './chrF';
export { argMax, evaluationOf, type Judgement, judge, judgeWindows, softmaxOf } from './classification';
export { exactMatch, isExactMatch } from './exactMatch';
export { matthews } from './matthews';
export { type TokenLosses, tokenLosses } from './perplexity';
export { rougeL, rougeLOf } from './rougeL';
export type { Written } from './written';

export { buildTextModel, isTextModelType } from './registry';
export type { TextFamily, TextHead, TextModel } from './textModel';

export { buildTextModel, isTextModelType, publishedHead } from './registry';
export type { TextFamily, TextHead, TextModel } from './textModel';

export { buildTextModel, headFor, isTextModelType, publishedHead, tasksOf } from './registry';
export type { TextFamily, TextHead, TextModel } from './textModel';

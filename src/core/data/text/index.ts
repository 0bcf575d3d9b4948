/** Texts as data: from a file or folder to examples. */
export { ByteStore, type StoreOptions } from './byteStore';
export { Growing } from './growing';
export { type Lengths, lengthOf, lengthsOf } from './lengths';
export { type OpenTextOptions, openTextDataset, planTexts } from './openTextDataset';
export type { PlanOptions, TextPlan } from './plan';
export type { TextPreview } from './preview';
export { kindOfData } from './sources';
export { Spans } from './spans';
export { Rows, textProblems } from './textProblems';
export type { Message, TextDataset, TextExample } from './types';

/** Pictures as data: from a folder to batches. */
export { prefetched } from './concurrent';
export type { Dataset, Example } from './dataset';
export { decodeBatch, decodePicture } from './decode';
export { readFully, writeFully } from './fullIo';
export { showsPictures } from './glance';
export { findLookalikes } from './lookalikes';
export { membersOf } from './members';
export { type OpenOptions, openDataset } from './openDataset';
export { PictureCache } from './pictureCache';
export type { ImageTarget } from './target';
export { thumbnail } from './thumbnail';
export { type View, viewOf } from './views';

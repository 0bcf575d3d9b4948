/** Texts that a model writes. */
export { Generator, type Result, type WriteOptions } from './generator';
export { endsOf, openGenerator } from './open';

/** The layer ops in tfjs's own operations: the second opinion on every form that is written for speed. */
import './activations';
import './attention';
import './batchNorm';
import './conv2d';
import './dropout';
import './embedding';
import './layerNorm';
import './linear';
import './loss';
import './pooling';
import './rows';

export { registerStockKernels } from './define';

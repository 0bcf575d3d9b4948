/** The layer ops in standard ONNX operators, feature maps in NCHW. */
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

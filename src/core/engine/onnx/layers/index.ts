/** The layer ops in standard ONNX operators, feature maps in NCHW. */
import './activations';
import './batchNorm';
import './conv2d';
import './linear';
import './loss';
import './pooling';

/** The layer ops in standard ONNX operators, feature maps in NCHW. */
import './conv2d';
import './linear';
import './loss';

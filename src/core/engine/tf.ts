/**
 * tfjs with its gradients and chained ops. These stand beside the package's main file, in modules of their own, so all of
 * it is taken from there: two copies of tfjs would not know each other's tensors. Elsewhere only types are imported from
 * '@tensorflow/tfjs-core'.
 */
import '@tensorflow/tfjs-core/dist/index'; // its flags must be there before gradients are registered
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';

export * from '@tensorflow/tfjs-core/dist/index';

/** tfjs's own kernels, recorded one by one. */
import './elementwise';
import './lists';
import './matrices';
import './reductions';
import './shapes';

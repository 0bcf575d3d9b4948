import { Store } from '../store';

/** The picture that the line under the grid names, and the examples that a cell of the confusion matrix brought here. */
export const picked = new Store<{ path: string | null; only: { title: string; paths: ReadonlySet<string> } | null }>({
  path: null,
  only: null,
});

import { Store } from '../store';

/** The picture that the line under the grid names, the examples that a cell of the confusion matrix brought here, and words sought in texts. */
export const picked = new Store<{ path: string | null; only: { title: string; paths: ReadonlySet<string> } | null; search: string }>({
  path: null,
  only: null,
  search: '',
});

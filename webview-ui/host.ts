import type { FromPanel } from '../src/protocol/panel';

interface VsCodeApi {
  postMessage(message: FromPanel): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

export const post = (message: FromPanel): void => api.postMessage(message);

/** What of the view outlives a reload: folds, filters, scroll. Nothing of the run: that is in its folder. */
export const savedView = (): unknown => api.getState();
export const saveView = (view: unknown): void => api.setState(view);

import { columnsIn } from '../protocol/columns';
import type { ColumnMap, Task, TextTask } from '../protocol/data';
import type { Failure } from '../protocol/failure';
import type { LayerNode } from '../protocol/layers';
import type { PanelState } from '../protocol/panel';

/** What somebody has said of texts. */
export interface Said {
  readonly task: TextTask;
  readonly columns: ColumnMap;
}

/** What stands until the data have taken what somebody has said of them since. */
export interface Standing {
  readonly said: Said | null;
  readonly task: Task | null;
  readonly classes: number;
  readonly modelId: string | null;
  readonly chosen: boolean;
  readonly tree: LayerNode | null;
  readonly state: PanelState;
}

/** What of the state comes with the data. */
export const ofData = ({ data, dataFailure, examples, textRows }: PanelState) => ({ data, dataFailure, examples, textRows });

/** What of it follows the model, which follows the task and its classes. */
export const ofModel = ({ model, modelFailure, layers, rules, presets, lora, cost, cut }: PanelState) => ({
  ...{ model, modelFailure, layers, rules, presets, lora, cost, cut },
});

/** Whether data that could be read have no use for what was said; else they could not be read whatever it was. */
export function isRefusal({ code }: Failure): boolean {
  return code === 'config.invalid' || ['data.empty', 'data.oneClass', 'data.tooFew', 'data.unsupported'].includes(code);
}

/** Whether that is what is shown anyway. */
export function isShown({ task, columns }: Said, { data }: Pick<PanelState, 'data'>): boolean {
  if (data?.summary.task !== task) return false;
  const shown = columnsIn(data.summary);
  const roles = new Set([...Object.keys(shown), ...Object.keys(columns)]) as Set<keyof ColumnMap>;
  return [...roles].every((role) => shown[role] === columns[role]);
}
